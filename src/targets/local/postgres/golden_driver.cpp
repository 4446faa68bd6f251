#include "targets/local/postgres/golden_driver.hpp"

#include "base/json.hpp"
#include "targets/local/postgres/golden_making.hpp"
#include "targets/local/postgres/golden_spec.hpp"
#include "targets/local/postgres/marked_folder.hpp"

namespace ramet::targets::postgres {
namespace {

engine::Outputs outputs_of(const data::Golden& golden)
{
    return {{"golden", golden.id.str()}, {"made_at", to_rfc3339(golden.made_at)}, {"schema_hash", golden.schema_hash}};
}

}  // namespace

Result<engine::Observation> GoldenDriver::probe(const engine::Call&, const engine::ResourceRef& ref)
{
    return MarkedFolder(options_.store.goldens(), ref).probe();
}

Result<engine::Acknowledged> GoldenDriver::apply(const engine::Call&, const engine::ResourceRef& ref,
                                                 const engine::Token&)
{
    TRY(check_version(options_, get_string(ref.spec, "version")));
    const MarkedFolder folder(options_.store.goldens(), ref);
    engine::Acknowledged made;
    made.identity = TRY(folder.ensure(clock_.now()));
    made.external_id = folder.path().string();
    const auto progress = TRY(GoldenMaking(options_, goldens_, ref).advance(clock_.now()));
    if (progress.golden) made.outputs = outputs_of(*progress.golden);
    return made;
}

Result<engine::Readiness> GoldenDriver::await(const engine::Call&, const engine::ResourceRef& ref)
{
    const auto progress = GoldenMaking(options_, goldens_, ref).advance(clock_.now());
    // A shim that does not answer may do so in a moment; what the base or the copy has said is final.
    if (!progress && is_transient(progress.error().kind)) return std::unexpected(progress.error());
    if (!progress) return engine::Failed{in_context(progress.error(), "making a golden copy")};
    if (progress->golden) return engine::Ready{outputs_of(*progress->golden)};
    return engine::NotYet{Milliseconds(50), progress->waiting_for};
}

Result<void> GoldenDriver::remove(const engine::Call&, const engine::DeletionProof& proof)
{
    const auto& ref = proof.resource;
    const MarkedFolder folder(options_.store.goldens(), ref);
    const auto path = TRY(folder.check_removal());
    TRY(GoldenMaking(options_, goldens_, ref).abandon());
    if (path) TRY(goldens_.remove(golden_id(ref)));
    return folder.remove();
}

Result<std::vector<engine::InventoryItem>> GoldenDriver::inventory(const engine::Call&, const std::string& install)
{
    return list_marked_folders(options_.store.goldens(), golden_kind, install);
}

}  // namespace ramet::targets::postgres
