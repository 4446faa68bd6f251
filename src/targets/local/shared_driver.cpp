#include "targets/local/shared_driver.hpp"

#include "targets/local/marks.hpp"

namespace ramet::targets::local {
namespace {

/// The only thing there is of it: a note in the sharing environment that it shares.
Path note_of(const Machine& machine, const engine::ResourceRef& ref)
{
    auto name = ref.path;
    std::ranges::replace(name, '/', '.');
    return environment_of(machine, ref) / "shared" / (name + ".json");
}

}  // namespace

Result<engine::Observation> SharedDriver::probe(const engine::Call&, const engine::ResourceRef& ref)
{
    const auto mark = TRY(find_mark(note_of(machine_, ref)));
    engine::Observation observation{.presence = judge(mark, ref)};
    if (mark) observation.identity = mark->owner.nonce;
    if (observation.presence == engine::Presence::foreign) observation.evidence = "the note carries another mark";
    return observation;
}

Result<engine::Outputs> SharedDriver::find_address(const engine::ResourceRef& ref) const
{
    const auto base = get_string(ref.spec, "base");
    const auto shim = shim_directory(machine_.root, base, get_string(ref.spec, "shim"));
    const auto status = TRY(find_shim(shim));
    const int port = !status                    ? 0
                     : status->port != 0        ? status->port
                     : status->replicas.empty() ? 0
                                                : status->replicas.front().port;
    if (port != 0) return engine::Outputs{{"host", "127.0.0.1"}, {"port", std::to_string(port)}};
    Error error{ErrorKind::unavailable,
                fmt::format("{} is shared with the base, where it does not run", last_part(ref.path))};
    error.next_step = "ramet apply, which brings the base up";
    return std::unexpected(std::move(error));
}

Result<engine::Acknowledged> SharedDriver::apply(const engine::Call&, const engine::ResourceRef& ref,
                                                 const engine::Token&)
{
    auto outputs = TRY(find_address(ref));
    const auto note = note_of(machine_, ref);
    const auto mark = TRY(find_mark(note));
    if (judge(mark, ref) == engine::Presence::foreign)
        return fail(ErrorKind::conflict, "the note of {} carries another mark", ref.path);
    TRY(ensure_directory(note.parent_path(), 0700));
    TRY(write_mark(note, ref));
    return engine::Acknowledged{note.string(), ref.mark.nonce, std::move(outputs)};
}

Result<engine::Readiness> SharedDriver::await(const engine::Call&, const engine::ResourceRef& ref)
{
    auto outputs = find_address(ref);
    if (!outputs) return engine::Failed{outputs.error()};
    return engine::Ready{std::move(*outputs)};
}

Result<void> SharedDriver::remove(const engine::Call&, const engine::DeletionProof& proof)
{
    const auto note = note_of(machine_, proof.resource);
    const auto mark = TRY(find_mark(note));
    if (!mark) return {};
    if (judge(mark, proof.resource) == engine::Presence::foreign)
        return fail(ErrorKind::conflict, "the note of {} carries another mark", proof.resource.path);
    TRY(check_identity(proof, mark->owner.nonce));
    return remove_tree(note);
}

Result<std::vector<engine::InventoryItem>> SharedDriver::inventory(const engine::Call&, const std::string& install)
{
    std::vector<engine::InventoryItem> items;
    for (const auto& environment : TRY(names_in(machine_.root / "environments"))) {
        const auto folder = machine_.root / "environments" / environment / "shared";
        for (const auto& name : TRY(names_in(folder))) {
            const auto mark = TRY(find_mark(folder / name));
            if (mark && mark->owner.install == install) items.push_back(to_item(*mark, mark->owner.nonce));
        }
    }
    return items;
}

engine::Driver::Change SharedDriver::classify_change(const Json& old_spec, const Json& new_spec) const
{
    return old_spec == new_spec ? Change::keep : Change::update;
}

}  // namespace ramet::targets::local
