#include "simulation/provider.hpp"

#include "engine/fill.hpp"

#include <fmt/core.h>

#include <algorithm>

namespace ramet::simulation {

using namespace engine;

namespace {

constexpr std::array<std::string_view, fault_count> fault_words = {
    "lost request",       "lost answer",     "late request",        "duplicate",         "throttled",
    "server error",       "stale read",      "failed listing",      "terminal error",    "refused removal",
    "breaks down",        "slow ready",      "slow removal",        "stranger",          "vanished",
    "failed commit",      "crash",           "crash around commit", "crash around call", "two workers",
    "clock back",         "paused",          "clock jump",          "lost wake-up",      "store away",
    "lost commit answer", "lost webhook",    "late webhook",        "doubled webhook",   "webhook overtaken",
    "host: 5xx",          "host: no answer", "host: throttled",     "host: stale",       "host: 404",
    "host: half a list",  "failed fetch"};

constexpr std::size_t page_size = 3;

std::unexpected<Error> no_answer()
{
    return fail(ErrorKind::timeout, "no answer in time");
}
std::unexpected<Error> come_again()
{
    return fail(ErrorKind::unavailable, "slow down");
}

}  // namespace

std::string_view to_string(Fault fault)
{
    return fault_words[static_cast<std::size_t>(fault)];
}

Provider::Provider(EventQueue& queue, SeededRandom& random, Trace& trace, Checker& checker, FaultCounts& faults)
    : queue_(queue), random_(random), trace_(trace), checker_(checker), faults_(faults)
{
}

bool Provider::happens(Fault fault)
{
    const auto index = static_cast<std::size_t>(fault);
    if (!random_.once_in(weather.chance[index]) || weather.without.contains(fault)) return false;
    ++faults_[index];
    note(fmt::format("        fault: {}", to_string(fault)));
    return true;
}

void Provider::note(std::string line)
{
    trace_.add(queue_.monotonic(), line);
}

const Provider::Object* Provider::find(const std::string& name) const
{
    const auto found = objects_.find(name);
    return found == objects_.end() ? nullptr : &found->second;
}

void Provider::set(const std::string& name, std::optional<Object> object)
{
    history_[name].push_back({queue_.monotonic(), object});
    if (object)
        objects_[name] = std::move(*object);
    else
        objects_.erase(name);
}

/// What a reader sees: the present, or with bad luck the past. Half of the horizon is for calls that arrive late, half for
/// reads that are stale.
std::optional<Provider::Object> Provider::seen(const std::string& name)
{
    const auto* object = find(name);
    const auto present = object ? std::optional(*object) : std::nullopt;
    if (weather.horizon == Milliseconds{0} || !happens(Fault::stale_read)) return present;
    const auto lag = Milliseconds{random_.between(0, weather.horizon.count() / 2 - 1)};
    std::optional<Object> past;
    for (const auto& change : history_[name])
        if (change.at <= queue_.monotonic() - lag) past = change.object;
    return past;
}

Result<Observation> Provider::probe(const ResourceRef& ref)
{
    // The listing has pages in the order of names; what is sought may be on the last one.
    const auto before = static_cast<std::size_t>(std::distance(objects_.begin(), objects_.lower_bound(ref.name)));
    const auto page = before / page_size;
    for (std::size_t read = 0; read <= page; ++read)
        if (happens(Fault::failed_listing))
            return fail(ErrorKind::unavailable, "page {} of the listing failed", read + 1);
    const auto object = seen(ref.name);
    if (!object) return Observation{};
    if (is_foreign(ref.name)) met_.emplace(ref.name, object->identity);
    if (object->mark != ref.mark) return Observation{Presence::foreign, "", object->identity, "", "somebody else's"};
    Observation found{Presence::ours, "ext-" + ref.name, object->identity, object->spec_hash,
                      object->gone_at ? "finalizing" : ""};
    if (tells_ages) found.created_at = object->made_at;
    return found;
}

Result<std::vector<InventoryItem>> Provider::inventory(const std::string& install)
{
    std::vector<InventoryItem> items;
    std::size_t listed = 0;
    for (const auto& [name, object] : objects_) {
        if (listed++ % page_size == 0 && happens(Fault::failed_listing))
            return fail(ErrorKind::unavailable, "page {} of the listing failed", listed / page_size + 1);
        if (object.mark.install != install) continue;
        items.push_back({"thing", name, object.mark, "ext-" + name, object.identity, object.made_at});
    }
    for (const auto& item : items)
        if (is_foreign(item.name)) met_.emplace(item.name, item.identity);
    return items;
}

void Provider::bring_about(const ResourceRef& ref, const Token& token, std::int64_t from_revision)
{
    const auto* existing = find(ref.name);
    const auto revision = existing ? existing->revision : 0;
    if (revision != from_revision) return;
    served_.insert(token);
    Object object = existing ? *existing : Object{};
    if (!existing) {
        object.name = ref.name;
        object.path = ref.path;
        object.mark = ref.mark;
        object.identity = fmt::format("identity-{}", ++identities_);
        object.made_at = queue_.now();
        checker_.on_made(ref.name);
    }
    object.spec_hash = spec_hash(ref.spec);
    ++object.revision;
    object.is_broken = broken_paths.contains(ref.path) || get_bool(ref.spec, "broken");
    object.ready_at = queue_.monotonic() + Milliseconds{random_.between(0, 3) * 40};
    if (const auto slow = ready_after.find(ref.path); slow != ready_after.end()) object.ready_at += slow->second;
    if (happens(Fault::slow_ready)) object.ready_at += Milliseconds{random_.between(1'000, 60'000)};
    note(fmt::format("        provider: {} {} is {} now", ref.path, ref.name, existing ? "updated" : "made"));
    set(ref.name, std::move(object));
}

void Provider::bring_about_later(const ResourceRef& ref, const Token& token, std::int64_t from_revision)
{
    const auto delay = Milliseconds{random_.between(1, weather.horizon.count() / 2 - 1)};
    queue_.add(queue_.monotonic() + delay, [this, ref, token, from_revision] {
        // Within the window of its token the provider knows a request that it has served already.
        if (!served_.contains(token)) bring_about(ref, token, from_revision);
    });
}

Result<Acknowledged> Provider::apply(const Call& call, const ResourceRef& ref, const Token& token)
{
    checker_.on_call("apply", ref, call.epoch);
    ++changing_calls_;
    const auto* existing = find(ref.name);
    const auto revision = existing ? existing->revision : 0;
    const bool can_be_late = weather.horizon > Milliseconds{1};
    if (loses_request()) return no_answer();
    if (happens(Fault::throttled)) return come_again();
    if (existing && existing->mark != ref.mark) return fail(ErrorKind::conflict, "{} exists", ref.name);
    if (existing && existing->gone_at) return fail(ErrorKind::conflict, "{} is being removed", ref.name);
    if (refused_paths.contains(ref.path)) {
        ++faults_[static_cast<std::size_t>(Fault::terminal_error)];
        return fail(ErrorKind::invalid, "{} is not acceptable", ref.path);
    }
    if (can_be_late && happens(Fault::late_request)) {
        bring_about_later(ref, token, revision);
        return no_answer();
    }
    bring_about(ref, token, revision);
    if (can_be_late && happens(Fault::duplicate)) bring_about_later(ref, token, revision);
    if (loses_answer()) return no_answer();
    if (happens(Fault::server_error)) return fail(ErrorKind::unavailable, "internal server error");
    const auto* made = find(ref.name);
    return Acknowledged{"ext-" + ref.name, made->identity, {}};
}

Result<Readiness> Provider::await(const ResourceRef& ref)
{
    if (happens(Fault::throttled)) return come_again();
    const auto* object = find(ref.name);
    if (!object) return NotYet{Milliseconds{200}, "not visible yet"};
    if (object->is_broken) {
        ++faults_[static_cast<std::size_t>(Fault::breaks_down)];
        return Failed{Error{ErrorKind::unavailable, ref.path + " ended with code 1"}};
    }
    if (queue_.monotonic() < object->ready_at) return NotYet{Milliseconds{500}, "starting"};
    return Ready{{{"address", ref.name}, {"port", std::to_string(ref.name.size())}}};
}

void Provider::take_away(const DeletionProof& proof)
{
    const auto* object = find(proof.resource.name);
    if (!object || object->identity != proof.resource.identity || object->gone_at) return;
    if (object->mark != proof.resource.mark || strangers_.contains(object->name))
        checker_.violate("a stranger's object was removed: " + object->name);
    if (!happens(Fault::slow_removal)) {
        note(fmt::format("        provider: {} is gone now", proof.resource.name));
        return set(proof.resource.name, std::nullopt);
    }
    auto dying = *object;
    dying.gone_at = queue_.monotonic() + Milliseconds{random_.between(100, 20'000)};
    queue_.add(*dying.gone_at, [this, name = dying.name, identity = dying.identity] {
        if (const auto* still = find(name); still && still->identity == identity) {
            note(fmt::format("        provider: {} is gone now", name));
            set(name, std::nullopt);
        }
    });
    set(proof.resource.name, std::move(dying));
}

Result<void> Provider::remove(const Call& call, const DeletionProof& proof)
{
    checker_.on_call("remove", proof.resource, call.epoch);
    ++changing_calls_;
    if (loses_request()) return no_answer();
    if (happens(Fault::throttled)) return come_again();
    if (kept_paths.contains(proof.resource.path)) {
        ++faults_[static_cast<std::size_t>(Fault::refused_removal)];
        return fail(ErrorKind::forbidden, "{} may not be removed", proof.resource.path);
    }
    take_away(proof);
    if (loses_answer()) return no_answer();
    if (happens(Fault::server_error)) return fail(ErrorKind::unavailable, "internal server error");
    return {};
}

void Provider::put_stranger(const std::string& name, const std::string& path)
{
    if (find(name)) return;
    ++faults_[static_cast<std::size_t>(Fault::stranger)];
    Object object;
    object.name = name;
    object.path = path;
    object.mark = OwnerMark{"somebody", OwnerId("else"), "their nonce"};
    object.identity = fmt::format("stranger-{}", ++identities_);
    object.spec_hash = "theirs";
    object.revision = 1;
    note(fmt::format("        a stranger has {}", name));
    put_foreign(std::move(object));
}

void Provider::put_foreign(Object object)
{
    strangers_[object.name] = object.identity + object.spec_hash;
    const auto name = object.name;
    set(name, std::move(object));
}

void Provider::bring_back(Object object)
{
    note(fmt::format("        {} is there again", object.name));
    checker_.on_brought_back(object.name);
    const auto name = object.name;
    set(name, std::move(object));
}

std::vector<Provider::Object> Provider::ours() const
{
    std::vector<Object> ours;
    for (const auto& [name, object] : objects_)
        if (!strangers_.contains(name)) ours.push_back(object);
    return ours;
}

void Provider::lose_one()
{
    for (const auto& [name, object] : objects_) {
        if (strangers_.contains(name) || object.gone_at) continue;
        ++faults_[static_cast<std::size_t>(Fault::vanished)];
        note(fmt::format("        {} {} vanishes", object.path, name));
        checker_.on_vanished(name);
        return set(std::string(name), std::nullopt);
    }
}

void Provider::heal()
{
    const auto horizon = weather.horizon;
    weather = Weather{};
    weather.horizon = horizon;
    refused_paths.clear();
    broken_paths.clear();
    kept_paths.clear();
    for (auto& [name, object] : objects_) object.is_broken = false;
    for (const auto& [name, identity] : strangers_) objects_.erase(name);
    for (const auto& [name, identity] : strangers_) history_.erase(name);
    strangers_.clear();
}

std::vector<Checker::Truth> Provider::truth() const
{
    std::vector<Checker::Truth> ours;
    for (const auto& [name, object] : objects_)
        if (!strangers_.contains(name)) ours.push_back({name, object.mark.nonce, object.spec_hash});
    return ours;
}

bool Provider::strangers_are_untouched() const
{
    return std::ranges::all_of(strangers_, [this](const auto& stranger) {
        const auto* object = find(stranger.first);
        return object && object->identity + object->spec_hash == stranger.second;
    });
}

}  // namespace ramet::simulation
