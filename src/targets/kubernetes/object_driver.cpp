#include "targets/kubernetes/object_driver.hpp"

#include "engine/fill.hpp"
#include "targets/kubernetes/object_marks.hpp"
#include "targets/kubernetes/objects.hpp"
#include "targets/kubernetes/readiness.hpp"
#include "targets/values.hpp"

#include <algorithm>
#include <array>

namespace ramet::targets::kubernetes {

namespace {

/// What is not ready by being there.
constexpr std::array awaited{"Deployment", "StatefulSet", "Job", "PersistentVolumeClaim"};

std::string marked_by(const std::string& install)
{
    return fmt::format("labelSelector={}%3D{}", install_label, install);
}

/// Texts, secrets and what is put together of them, at any depth.
Result<Json> open_all(const Json& value, SecretOpener& secrets)
{
    if (const auto* object = value.if_object()) {
        if (object->contains("$secret") || object->contains("$concat")) return Json(TRY(open_value(value, secrets)));
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

engine::Acknowledged acknowledge(const Json& object, const std::string& path)
{
    return {.external_id = path, .identity = get_string(get_member(object, "metadata"), "uid")};
}

/// A list that is not complete yet, a cluster that does not answer: it is waited for. What is refused stays refused.
Result<engine::Readiness> wait_for_cache(const Error& problem)
{
    if (is_transient(problem.kind)) return engine::NotYet{.reason = problem.message};
    return std::unexpected(problem);
}

/// Created by another operation than apply, its fields would be owned twice, and those that a later apply leaves out would stay.
bool is_owned_as_created(const Json& object)
{
    const auto& owners = get_member(get_member(object, "metadata"), "managedFields");
    return owners.is_array() && std::ranges::any_of(owners.get_array(), [](const Json& owner) {
               return get_string(owner, "manager") == field_manager && get_string(owner, "operation") == "Update" &&
                      get_string(owner, "subresource").empty();
           });
}

}  // namespace

ObjectDriver::ObjectDriver(ApiClient& api, SecretOpener& secrets, const std::string& install)
    : api_(api), secrets_(secrets)
{
    const auto watched = [&](const std::string& path) {
        return std::make_unique<ObjectCache>(api, fmt::format("{}?{}", path, marked_by(install)));
    };
    for (const auto& kind : known_kinds())
        if (std::ranges::find(awaited, kind.kind) != awaited.end()) caches_.emplace(kind.kind, watched(path_of(kind)));
    pods_ = watched("/api/v1/pods");
}

Result<ObjectDriver::Place> ObjectDriver::place_of(const engine::ResourceRef& ref)
{
    const auto& object = get_member(ref.spec, "object");
    return Place{TRY(find_kind(get_string(object, "apiVersion"), get_string(object, "kind"))),
                 TRY(require_string(ref.spec, "namespace")),
                 TRY(require_string(get_member(object, "metadata"), "name"))};
}

Result<engine::Observation> ObjectDriver::probe(const engine::Call& call, const engine::ResourceRef& ref)
{
    const auto place = TRY(place_of(ref));
    const auto object = api_.get(place.path(), call.stop);
    if (object) return observe(*object, ref);
    if (has_reason(object.error(), "NotFound")) return engine::Observation{};
    return std::unexpected(object.error());
}

Result<engine::Acknowledged> ObjectDriver::apply(const engine::Call& call, const engine::ResourceRef& ref,
                                                 const engine::Token&)
{
    const auto place = TRY(place_of(ref));
    const auto body = TRY(make_body(ref));
    const auto object =
        TRY(ref.identity.empty() ? create(call, ref, place, body) : change(call, place, body, ref.identity));
    return acknowledge(object, place.path());
}

Result<Json> ObjectDriver::make_body(const engine::ResourceRef& ref)
{
    return with_mark(TRY(open_all(get_member(ref.spec, "object"), secrets_)), ref);
}

Result<Json> ObjectDriver::create(const engine::Call& call, const engine::ResourceRef& ref, const Place& place,
                                  const Json& body)
{
    auto created = api_.create(place.list(), body, call.stop);
    if (created || !has_reason(created.error(), "AlreadyExists")) return created;
    // Ours when an answer was lost; else it is somebody's.
    const auto there = TRY(api_.get(place.path(), call.stop));
    const auto seen = observe(there, ref);
    if (seen.presence == engine::Presence::ours) return change(call, place, body, seen.identity);
    return std::unexpected(Error{ErrorKind::conflict,
                                 fmt::format("{} {} in namespace {} is there already, and is not ours", place.kind.kind,
                                             place.name, place.space),
                                 to_text(get_member(get_member(there, "metadata"), "labels")),
                                 "remove it, or rename the service"});
}

Result<Json> ObjectDriver::change(const engine::Call& call, const Place& place, Json body, const std::string& identity)
{
    body.as_object()["metadata"].as_object()["uid"] = identity;
    const auto changed = TRY(api_.apply(place.path(), body, call.stop));
    if (!is_owned_as_created(changed)) return changed;
    TRY(api_.disown_creation(place.path(), changed, call.stop));
    return api_.apply(place.path(), body, call.stop);
}

Result<engine::Readiness> ObjectDriver::await(const engine::Call&, const engine::ResourceRef& ref)
{
    const auto place = TRY(place_of(ref));
    const auto cache = caches_.find(place.kind.kind);
    if (cache == caches_.end()) return engine::Ready{};
    return judge(place, ref, *cache->second);
}

Result<engine::Readiness> ObjectDriver::judge(const Place& place, const engine::ResourceRef& ref,
                                              const ObjectCache& cache) const
{
    const auto object = cache.find(place.space, place.name);
    if (!object) return wait_for_cache(object.error());
    // What we have sent has not come round yet, or it is an older one.
    if (!*object || observe(**object, ref).spec_hash != engine::spec_hash(ref.spec))
        return engine::NotYet{.reason = fmt::format("{} {} is not seen by the watch yet", place.kind.kind, place.name)};
    const auto pods = pods_->find_all(place.space, part_label, place.name);
    if (!pods) return wait_for_cache(pods.error());
    return judge_readiness(**object, *pods);
}

Result<void> ObjectDriver::remove(const engine::Call& call, const engine::DeletionProof& proof)
{
    const auto& ref = proof.resource;
    const auto place = TRY(place_of(ref));
    const auto seen = TRY(probe(call, ref));
    if (seen.presence == engine::Presence::absent) return {};
    if (seen.presence == engine::Presence::foreign || (!ref.identity.empty() && ref.identity != seen.identity))
        return fail(ErrorKind::conflict, "{} {} in namespace {} is not the one that was made: it stays",
                    place.kind.kind, place.name, place.space);
    const auto removed = api_.remove(place.path(), {.uid = seen.identity}, call.stop);
    if (removed || has_reason(removed.error(), "NotFound")) return {};
    return std::unexpected(removed.error());
}

Result<std::vector<engine::InventoryItem>> ObjectDriver::inventory(const engine::Call& call, const std::string& install)
{
    std::vector<engine::InventoryItem> items;
    for (const auto& kind : known_kinds()) {
        if (!kind.is_listed) continue;
        TRY(api_.list(
            fmt::format("{}?{}", path_of(kind), marked_by(install)),
            [&](const Json& object) {
                if (auto item = to_item(object)) items.push_back(*std::move(item));
            },
            call.stop));
    }
    return items;
}

engine::Driver::Change ObjectDriver::classify_change(const Json& old_spec, const Json& new_spec) const
{
    if (old_spec == new_spec) return Change::keep;
    const auto what = [](const Json& spec, std::string_view key) {
        return get_string(get_member(spec, "object"), key);
    };
    const bool is_same_kind = what(old_spec, "kind") == what(new_spec, "kind") &&
                              what(old_spec, "apiVersion") == what(new_spec, "apiVersion");
    // A job runs once: another one is another job.
    return is_same_kind && what(new_spec, "kind") != "Job" ? Change::update : Change::replace;
}

}  // namespace ramet::targets::kubernetes
