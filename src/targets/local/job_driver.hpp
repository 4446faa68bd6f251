#pragma once

#include "targets/local/machine.hpp"

namespace ramet::targets::local {

/// Kind `local.job`, node "job/<name>": runs to completion once per value of its spec's `once`, under a shim of its own, so that
/// neither a restart of the server stops it nor a second attempt runs it twice. A required job that fails is `Failed` with its
/// last lines; another one is ready, with an output `note`.
class JobDriver final : public engine::Driver {
public:
    explicit JobDriver(Machine machine) : machine_(machine) {}

    Result<engine::Observation> probe(const engine::Call& call, const engine::ResourceRef& ref) override;
    Result<engine::Acknowledged> apply(const engine::Call& call, const engine::ResourceRef& ref,
                                       const engine::Token& token) override;
    Result<engine::Readiness> await(const engine::Call& call, const engine::ResourceRef& ref) override;
    Result<void> remove(const engine::Call& call, const engine::DeletionProof& proof) override;
    Result<std::vector<engine::InventoryItem>> inventory(const engine::Call& call, const std::string& install) override;
    Change classify_change(const Json& old_spec, const Json& new_spec) const override;

private:
    Result<ShimProgram> program_of(const engine::ResourceRef& ref) const;
    Result<void> start(const engine::ResourceRef& ref, std::string_view token) const;
    Result<bool> must_run(const Path& run, const engine::Token& token) const;

    Machine machine_;
};

/// The newest run's log of a job, for whoever shows it.
Path job_directory(const Path& root, std::string_view environment, std::string_view job);

}  // namespace ramet::targets::local
