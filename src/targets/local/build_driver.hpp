#pragma once

#include "targets/local/build_cache.hpp"

namespace ramet::targets::local {

/// Kind `local.build`, node "build/<service>": a reference to an artefact in the shared cache, which is built when it is not there.
/// Outputs: artefact (its tree), directory (the build context in it), input_hash, log.
class BuildDriver final : public engine::Driver {
public:
    explicit BuildDriver(Machine machine) : machine_(machine), cache_(machine) {}

    Result<engine::Observation> probe(const engine::Call& call, const engine::ResourceRef& ref) override;
    Result<engine::Acknowledged> apply(const engine::Call& call, const engine::ResourceRef& ref,
                                       const engine::Token& token) override;
    Result<engine::Readiness> await(const engine::Call& call, const engine::ResourceRef& ref) override;
    Result<void> remove(const engine::Call& call, const engine::DeletionProof& proof) override;
    Result<std::vector<engine::InventoryItem>> inventory(const engine::Call& call, const std::string& install) override;
    Change classify_change(const Json& old_spec, const Json& new_spec) const override;

    /// Removes artefacts that nobody refers to and that were not used since `before`. Gives their number.
    Result<int> collect(Time before);

private:
    Path reference_path(const engine::ResourceRef& ref) const;
    Result<void> begin(const engine::Call& call, const engine::ResourceRef& ref) const;
    Result<void> let_go(const std::string& hash, const Path& reference) const;
    Result<std::vector<Path>> references() const;
    Result<bool> is_referred_to(const std::string& hash, const Path& except) const;
    engine::Outputs outputs_of(const Json& spec) const;

    Machine machine_;
    BuildCache cache_;
};

}  // namespace ramet::targets::local
