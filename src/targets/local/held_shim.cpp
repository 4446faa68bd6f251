#include "targets/local/held_shim.hpp"

#include "targets/local/marks.hpp"
#include "targets/local/processes.hpp"

#include <unistd.h>

namespace ramet::targets::local {
namespace {

/// How long a removal waits by itself: most shims are gone within milliseconds, and another round of the engine costs more.
constexpr int patience_ms = 400;

Result<bool> wait_until_gone(const Path& directory, std::string_view identity)
{
    for (int waited = 0; waited < patience_ms; ++waited) {
        if (!TRY(find_shim(directory)) && !TRY(is_alive(identity))) return true;
        ::usleep(1'000);
    }
    return false;
}

}  // namespace

Result<engine::Observation> probe_held_shim(const Path& directory, const engine::ResourceRef& ref)
{
    auto observation = TRY(probe_marked_directory(directory, ref));
    observation.identity.clear();
    if (observation.presence != engine::Presence::ours) return observation;
    const auto status = TRY(find_shim(directory));
    if (status) observation.identity = status->identity;
    observation.is_intact = status.has_value();
    if (!status) observation.evidence = "its shim does not run";
    return observation;
}

Result<ShimStatus> ensure_held_shim(const ShimStart& start)
{
    if (!TRY(find_shim(start.directory))) TRY(sweep_shim(start.directory));
    return ensure_shim(start);
}

Result<bool> end_held_shim(const Path& directory, const engine::DeletionProof& proof, const StopOptions& options)
{
    const auto mark = TRY(find_mark(directory / "mark.json"));
    if (judge(mark, proof.resource) != engine::Presence::ours) return true;
    const auto status = TRY(find_shim(directory));
    if (status) {
        TRY(check_identity(proof, status->identity));
        TRY(stop_shim(directory, options));
        if (!TRY(wait_until_gone(directory, status->identity))) return false;
    }
    TRY(sweep_shim(directory));
    return true;
}

Result<bool> end_program(const Path& directory)
{
    for (int waited = 0; waited < patience_ms; ++waited) {
        const auto status = TRY(find_shim(directory));
        if (!status || status->state == ShimState::idle) return true;
        if (waited == 0 && status->state != ShimState::stopping) TRY(stop_program(directory));
        ::usleep(1'000);
    }
    return false;
}

Result<std::vector<engine::InventoryItem>> list_held_shims(const Path& root, const ShimListing& listing)
{
    std::vector<engine::InventoryItem> items;
    for (const auto& environment : TRY(names_in(root / "environments"))) {
        const auto shims = root / "environments" / environment / "shims";
        for (const auto& name : TRY(names_in(shims))) {
            const auto mark = TRY(find_mark(shims / name / "mark.json"));
            if (!mark || mark->owner.install != listing.install || !name.starts_with(listing.prefix)) continue;
            const auto status = TRY(find_shim(shims / name));
            items.push_back(to_item(*mark, status ? status->identity : std::string()));
        }
    }
    return items;
}

}  // namespace ramet::targets::local
