#include "targets/local/build_driver.hpp"

#include "base/hash.hpp"
#include "targets/local/marks.hpp"
#include "targets/local/values.hpp"

namespace ramet::targets::local {
namespace {

Result<std::string> hash_of(const Json& spec)
{
    auto hash = TRY(require_string(spec, "input_hash"));
    // It becomes a file name.
    if (hash.empty() || hash.find_first_not_of("0123456789abcdef") != std::string::npos)
        return fail(ErrorKind::invalid, "'{}' is not an input hash", hash);
    return hash;
}

GitMirror::Selection selection_of(const Json& spec)
{
    GitMirror::Selection selection{.context = get_string(spec, "context", ".")};
    if (const auto* paths = get_member(spec, "paths").if_array())
        for (const auto& path : *paths)
            if (const auto* text = path.if_string()) selection.paths.emplace_back(text->data(), text->size());
    return selection;
}

engine::Failed failed(const engine::ResourceRef& ref, Error error)
{
    return {in_context(std::move(error), "building " + std::string(last_part(ref.path)))};
}

}  // namespace

Path BuildDriver::reference_path(const engine::ResourceRef& ref) const
{
    return cache_.root() / ".references" / fmt::format("{}.{}.json", ref.mark.owner.str(), last_part(ref.path));
}

Result<engine::Observation> BuildDriver::probe(const engine::Call&, const engine::ResourceRef& ref)
{
    const auto mark = TRY(find_mark(reference_path(ref)));
    engine::Observation observation{.presence = judge(mark, ref)};
    if (!mark) return observation;
    observation.external_id = mark->note;
    observation.identity = mark->owner.nonce;
    if (observation.presence == engine::Presence::foreign) observation.evidence = "the reference carries another mark";
    return observation;
}

Result<engine::Acknowledged> BuildDriver::apply(const engine::Call& call, const engine::ResourceRef& ref,
                                                const engine::Token&)
{
    const auto hash = TRY(hash_of(ref.spec));
    const auto mark = TRY(find_mark(reference_path(ref)));
    if (judge(mark, ref) == engine::Presence::foreign)
        return fail(ErrorKind::conflict, "the reference of {} carries another mark", ref.path);
    if (mark && mark->note != hash) TRY(let_go(mark->note, reference_path(ref)));
    TRY(ensure_directory(cache_.root() / ".references", 0700));
    TRY(write_mark(reference_path(ref), ref, hash));
    TRY(begin(call, ref));
    return engine::Acknowledged{hash, ref.mark.nonce, {}};
}

Result<void> BuildDriver::begin(const engine::Call& call, const engine::ResourceRef& ref) const
{
    const auto hash = TRY(hash_of(ref.spec));
    const auto mirror = TRY(GitMirror::open(
        {.root = machine_.root / "mirrors", .url = get_string(ref.spec, "repository"), .stop = call.stop}));
    BuildCache::Request request{
        .hash = hash, .selection = selection_of(ref.spec), .commit = CommitSha(get_string(ref.spec, "commit"))};
    if (const auto& command = get_member(ref.spec, "command"); !command.is_null())
        request.command = command_arguments(command);
    request.timeout = Milliseconds(get_int(ref.spec, "timeout_ms", request.timeout.count()));
    return cache_.begin(request, mirror);
}

engine::Outputs BuildDriver::outputs_of(const Json& spec) const
{
    const auto hash = get_string(spec, "input_hash");
    const auto tree = cache_.tree(hash);
    const auto context = (tree / get_string(spec, "context", ".")).lexically_normal();
    return {{"artefact", tree.string()},
            {"directory", context.has_filename() ? context.string() : context.parent_path().string()},
            {"input_hash", hash},
            {"log", cache_.log(hash).string()}};
}

Result<engine::Readiness> BuildDriver::await(const engine::Call& call, const engine::ResourceRef& ref)
{
    const auto hash = TRY(hash_of(ref.spec));
    const auto state = TRY(cache_.look(hash));
    using Stage = BuildCache::Stage;
    switch (state.stage) {
    case Stage::complete: return engine::Ready{outputs_of(ref.spec)};
    case Stage::building:
        return engine::NotYet{Milliseconds(200), state.last_line.empty() ? "building" : "building: " + state.last_line};
    case Stage::failed: return failed(ref, *state.error);
    case Stage::absent: break;
    }
    // The server died before the build had begun, or somebody ended it: it is begun again, until the run's time is over.
    TRY(begin(call, ref));
    return engine::NotYet{Milliseconds(20), "begun again"};
}

/// Without writes that were cut off.
Result<std::vector<Path>> BuildDriver::references() const
{
    const auto folder = cache_.root() / ".references";
    std::vector<Path> found;
    for (const auto& name : TRY(names_in(folder)))
        if (!name.starts_with('.')) found.push_back(folder / name);
    return found;
}

Result<bool> BuildDriver::is_referred_to(const std::string& hash, const Path& except) const
{
    for (const auto& reference : TRY(references())) {
        if (reference == except) continue;
        const auto mark = TRY(find_mark(reference));
        if (mark && mark->note == hash) return true;
    }
    return false;
}

/// A push during a build: what is being built for the commit before it is ended, unless somebody else waits for it.
Result<void> BuildDriver::let_go(const std::string& hash, const Path& reference) const
{
    const bool is_wanted = TRY(is_referred_to(hash, reference));
    if (is_wanted) return {};
    const auto state = TRY(cache_.look(hash));
    if (state.stage == BuildCache::Stage::complete) return {};
    // Absent too: an abandoning that was cut off has left a part of its files.
    const bool is_gone = TRY(cache_.abandon(hash));
    if (!is_gone) return fail(ErrorKind::unavailable, "the build of the commit before is still ending");
    return {};
}

Result<void> BuildDriver::remove(const engine::Call&, const engine::DeletionProof& proof)
{
    const auto& ref = proof.resource;
    TRY(remove_unfinished_writes(reference_path(ref)));
    const auto mark = TRY(find_mark(reference_path(ref)));
    if (!mark) return {};
    if (judge(mark, ref) == engine::Presence::foreign)
        return fail(ErrorKind::conflict, "the reference of {} carries another mark", ref.path);
    TRY(check_identity(proof, mark->owner.nonce));
    // The reference goes last: as long as it is there, something is still to be done.
    if (TRY(is_referred_to(mark->note, reference_path(ref)))) return remove_tree(reference_path(ref));
    const auto state = TRY(cache_.look(mark->note));
    if (state.stage != BuildCache::Stage::complete && !TRY(cache_.abandon(mark->note))) return {};
    return remove_tree(reference_path(ref));
}

Result<std::vector<engine::InventoryItem>> BuildDriver::inventory(const engine::Call&, const std::string& install)
{
    std::vector<engine::InventoryItem> items;
    for (const auto& reference : TRY(references())) {
        const auto mark = TRY(find_mark(reference));
        if (mark && mark->owner.install == install) items.push_back(to_item(*mark, mark->owner.nonce));
    }
    return items;
}

engine::Driver::Change BuildDriver::classify_change(const Json& old_spec, const Json& new_spec) const
{
    // Another commit with the same inputs is the same artefact.
    const bool is_same = get_string(old_spec, "input_hash") == get_string(new_spec, "input_hash") &&
                         get_string(old_spec, "context") == get_string(new_spec, "context");
    return is_same ? Change::keep : Change::update;
}

Result<int> BuildDriver::collect(Time before)
{
    int removed = 0;
    for (const auto& artefact : TRY(cache_.list())) {
        if (artefact.used_at >= before || TRY(is_referred_to(artefact.hash, {}))) continue;
        TRY(cache_.evict(artefact.hash));
        ++removed;
    }
    return removed;
}

}  // namespace ramet::targets::local
