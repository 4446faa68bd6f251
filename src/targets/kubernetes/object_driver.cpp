#include "targets/kubernetes/object_driver.hpp"

#include "base/hash.hpp"
#include "engine/fill.hpp"
#include "targets/kubernetes/object_marks.hpp"
#include "targets/kubernetes/objects.hpp"
#include "targets/kubernetes/readiness.hpp"
#include "targets/kubernetes/registry_login.hpp"
#include "targets/values.hpp"

#include <algorithm>

namespace ramet::targets::kubernetes {

namespace {

/// Texts, secrets and what is put together of them, at any depth.
Result<Json> open_all(const Json& value, SecretOpener& secrets)
{
    if (const auto* object = value.if_object()) {
        if (object->contains("$secret") || object->contains("$concat")) return Json(TRY(open_value(value, secrets)));
        if (const auto* login = object->if_contains("$registry_login")) {
            const auto host = get_string(*login, "host");
            const auto secret = TRY(open_value(get_member(*login, "secret"), secrets));
            return Json(to_docker_config(TRY(parse_registry_login(secret, host)), host));
        }
        json::object opened;
        for (const auto& [key, member] : *object) opened[key] = TRY(open_all(member, secrets));
        return Json(std::move(opened));
    }
    if (const auto* array = value.if_array()) {
        json::array opened;
        for (const auto& item : *array) opened.push_back(TRY(open_all(item, secrets)));
        return Json(std::move(opened));
    }
    return value;
}

constexpr int most_tries = 8;

/// A node takes steps of about a second: at the end of a wait we are late by a fraction of that.
constexpr Milliseconds between_looks{200};

/// A derived name ends with what no other resource and no other incarnation of it has.
constexpr std::size_t distinguishing = 10;

Result<std::string> name_of(const Json& object, const engine::ResourceRef& ref)
{
    const auto& metadata = get_member(object, "metadata");
    const auto prefix = get_string(metadata, "generateName");
    if (prefix.empty()) return require_string(metadata, "name");
    return prefix + ref.name.substr(ref.name.size() - std::min(distinguishing, ref.name.size()));
}

engine::Acknowledged acknowledge(const Json& object, const std::string& path)
{
    const auto& metadata = get_member(object, "metadata");
    return {.external_id = path,
            .identity = get_string(metadata, "uid"),
            .outputs = {{"name", get_string(metadata, "name")}}};
}

std::string part_of(const Json& workload)
{
    const auto& pod = get_member(get_member(workload, "spec"), "template");
    return get_string(get_member(get_member(pod, "metadata"), "labels"), part_label);
}

/// A list that is not complete yet, a cluster that does not answer: it is waited for. What is refused stays refused.
Result<engine::Readiness> wait_for_cache(const Error& problem)
{
    if (is_transient(problem.kind)) return engine::NotYet{.reason = problem.message};
    return std::unexpected(problem);
}

/// Of a Secret: an apply owns what it is sent, and what it is not sent later it takes away only where that is stored under the same name.
void store_as_data(json::object& object)
{
    const auto* texts = object.if_contains("stringData");
    if (texts == nullptr || !texts->is_object()) return;
    json::object data;
    for (const auto& [key, text] : texts->get_object()) data[key] = to_base64(text.as_string());
    object.erase("stringData");
    object["data"] = std::move(data);
}

/// An object of the same kind and name can be changed into the other one.
bool is_same_object(const Json& left, const Json& right)
{
    const auto name = [](const Json& object, std::string_view key) {
        return get_string(get_member(object, "metadata"), key);
    };
    return get_string(left, "apiVersion") == get_string(right, "apiVersion") &&
           get_string(left, "kind") == get_string(right, "kind") && name(left, "name") == name(right, "name") &&
           name(left, "generateName") == name(right, "generateName");
}

Result<void> list_marked(Cluster& cluster, const Kind& kind, const std::string& install,
                         std::vector<engine::InventoryItem>& items, const std::stop_token& stop)
{
    TRY(cluster.api().list(
        fmt::format("{}?{}", path_of(kind), made_by(install)),
        [&](const Json& object) {
            if (auto item = to_item(object)) items.push_back(*std::move(item));
        },
        stop));
    return {};
}

}  // namespace

std::string ObjectDriver::Place::words() const
{
    return kind.is_namespaced ? fmt::format("{} {} in namespace {}", kind.kind, name, space)
                              : fmt::format("{} {}", kind.kind, name);
}

Result<ObjectDriver::Place> ObjectDriver::place_of(const engine::ResourceRef& ref) const
{
    const auto& object = get_member(ref.spec, "object");
    const auto kind = TRY(find_kind(get_string(object, "apiVersion"), get_string(object, "kind")));
    auto* cluster = TRY(clusters_.open(get_string(ref.spec, "cluster")));
    const auto space = kind.is_namespaced ? TRY(require_string(ref.spec, "namespace")) : std::string();
    return Place{*cluster, kind, space, TRY(name_of(object, ref))};
}

Result<engine::Observation> ObjectDriver::probe(const engine::Call& call, const engine::ResourceRef& ref)
{
    const auto place = TRY(place_of(ref));
    if (auto seen = look_at_cache(place, ref)) return *std::move(seen);
    const auto object = place.api().get_patiently(place.path(), call.stop);
    if (object) return observe(*object, ref);
    if (has_reason(object.error(), "NotFound")) return engine::Observation{};
    return std::unexpected(object.error());
}

/// That the very object was there as it is wanted a moment ago is enough to leave it alone. A watch is late: of what is not there, or is
/// another one, only the cluster itself knows.
std::optional<engine::Observation> ObjectDriver::look_at_cache(const Place& place, const engine::ResourceRef& ref)
{
    const auto* cache = place.cluster.find_cache(place.kind.kind);
    if (cache == nullptr || ref.identity.empty()) return std::nullopt;
    const auto object = cache->find(place.space, place.name);
    if (!object || !*object) return std::nullopt;
    auto seen = observe(**object, ref);
    const bool is_it = seen.identity == ref.identity && seen.is_intact && is_of_spec(**object, ref);
    return is_it ? std::optional(std::move(seen)) : std::nullopt;
}

Result<engine::Acknowledged> ObjectDriver::apply(const engine::Call& call, const engine::ResourceRef& ref,
                                                 const engine::Token&)
{
    const auto place = TRY(place_of(ref));
    const auto body = TRY(make_body(ref, place));
    const auto object =
        TRY(ref.identity.empty() ? create(call, ref, place, body) : change(call, place, body, ref.identity));
    if (place.kind.is_awaited) remember(object);
    return acknowledge(object, place.path());
}

/// The same spec applied again is the same by its hash: what the watch shows of before must not be taken for what comes of it.
void ObjectDriver::remember(const Json& object)
{
    const auto& metadata = get_member(object, "metadata");
    const std::lock_guard lock(mutex_);
    applied_[get_string(metadata, "uid")] = get_int(metadata, "generation");
}

/// As old as what was applied last, or newer.
bool ObjectDriver::is_current(const Json& object)
{
    const auto& metadata = get_member(object, "metadata");
    const std::lock_guard lock(mutex_);
    const auto at = applied_.find(get_string(metadata, "uid"));
    if (at == applied_.end()) return true;
    if (get_int(metadata, "generation") < at->second) return false;
    applied_.erase(at);
    return true;
}

Result<Json> ObjectDriver::make_body(const engine::ResourceRef& ref, const Place& place)
{
    auto body = with_mark(TRY(open_all(get_member(ref.spec, "object"), secrets_)), ref);
    store_as_data(body.as_object());
    auto& metadata = body.as_object()["metadata"].as_object();
    metadata.erase("generateName");
    metadata["name"] = place.name;
    return body;
}

Result<Json> ObjectDriver::create(const engine::Call& call, const engine::ResourceRef& ref, const Place& place,
                                  const Json& body)
{
    auto created = place.api().create(place.list(), body, call.stop);
    if (created || !has_reason(created.error(), "AlreadyExists")) return created;
    // Ours when an answer was lost; else it is somebody's.
    const auto there = TRY(place.api().get_patiently(place.path(), call.stop));
    const auto seen = observe(there, ref);
    if (seen.presence == engine::Presence::ours) return change(call, place, body, seen.identity);
    return std::unexpected(
        Error{ErrorKind::conflict, fmt::format("{} is there already, and is not ours", place.words()),
              to_text(get_member(get_member(there, "metadata"), "labels")), "remove it, or rename the service"});
}

Result<Json> ObjectDriver::change(const engine::Call& call, const Place& place, Json body, const std::string& identity)
{
    body.as_object()["metadata"].as_object()["uid"] = identity;
    for (int tries = 0; tries < most_tries; ++tries) {
        const auto changed = TRY(place.api().apply(place.path(), body, call.stop));
        if (!is_owned_as_created(changed)) return changed;
        const auto disowned = place.api().disown_creation(place.path(), changed, call.stop);
        if (disowned) return *disowned;
        // A controller has begun to own a part of it in between.
        if (disowned.error().kind != ErrorKind::conflict) return std::unexpected(disowned.error());
    }
    return fail(ErrorKind::unavailable, "{} is changed by others all the time", place.words());
}

Result<engine::Readiness> ObjectDriver::await(const engine::Call&, const engine::ResourceRef& ref)
{
    const auto place = TRY(place_of(ref));
    const engine::Ready ready{{{"name", place.name}}};
    if (!place.kind.is_awaited) return ready;
    const auto readiness = TRY(judge(place, ref, *place.cluster.find_cache(place.kind.kind)));
    const bool may_fail = !get_bool(ref.spec, "required", true);
    if (std::holds_alternative<engine::Ready>(readiness)) return ready;
    return may_fail && std::holds_alternative<engine::Failed>(readiness) ? engine::Readiness(ready) : readiness;
}

Result<engine::Readiness> ObjectDriver::judge(const Place& place, const engine::ResourceRef& ref,
                                              const ObjectCache& cache)
{
    const auto object = cache.find(place.space, place.name);
    if (!object) return wait_for_cache(object.error());
    // What we have sent has not come round yet, or it is an older one.
    if (!*object || !is_of_spec(**object, ref) || !is_current(**object))
        return engine::NotYet{.reason = fmt::format("{} is not seen by the watch yet", place.words())};
    const bool is_job = place.kind.kind == "Job";
    const auto pods = place.cluster.pods().find_all(place.space, is_job ? job_label : part_label,
                                                    is_job ? place.name : part_of(**object));
    if (!pods) return wait_for_cache(pods.error());
    auto readiness = judge_readiness(**object, *pods);
    if (auto* wait = std::get_if<engine::NotYet>(&readiness)) wait->look_again_after = between_looks;
    return readiness;
}

Result<void> ObjectDriver::remove(const engine::Call& call, const engine::DeletionProof& proof)
{
    const auto& ref = proof.resource;
    const auto place = TRY(place_of(ref));
    const auto seen = TRY(probe(call, ref));
    if (seen.presence == engine::Presence::absent) return {};
    if (seen.presence == engine::Presence::foreign || (!ref.identity.empty() && ref.identity != seen.identity))
        return fail(ErrorKind::conflict, "{} is not the one that was made: it stays", place.words());
    const auto removed = place.api().remove(place.path(), {.uid = seen.identity}, call.stop);
    if (removed || has_reason(removed.error(), "NotFound")) return {};
    return std::unexpected(removed.error());
}

Result<std::vector<engine::InventoryItem>> ObjectDriver::inventory(const engine::Call& call, const std::string& install)
{
    std::vector<engine::InventoryItem> items;
    for (const auto& context : TRY(clusters_.list_used())) {
        auto* cluster = TRY(clusters_.open(context));
        for (const auto& kind : known_kinds())
            if (kind.is_listed) TRY(list_marked(*cluster, kind, install, items, call.stop));
    }
    return items;
}

engine::Driver::Change ObjectDriver::classify_change(const Json& old_spec, const Json& new_spec) const
{
    if (old_spec == new_spec) return Change::keep;
    for (const auto* place : {"cluster", "namespace", "incarnation"})
        if (get_member(old_spec, place) != get_member(new_spec, place)) return Change::replace;
    const auto& once = get_member(new_spec, "once");
    if (!once.is_null()) return get_member(old_spec, "once") == once ? Change::keep : Change::replace;
    return is_same_object(get_member(old_spec, "object"), get_member(new_spec, "object")) ? Change::update
                                                                                          : Change::replace;
}

}  // namespace ramet::targets::kubernetes
