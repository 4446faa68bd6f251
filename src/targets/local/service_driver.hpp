#pragma once

#include "targets/local/machine.hpp"

namespace ramet::targets::local {

/// Kind `local.service`, node "service/<service>": the version of a service that its shim shall run. Ready when that version is
/// healthy and has taken over; when it never is, the version before goes on serving. Outputs: host, port.
class ServiceDriver final : public engine::Driver {
public:
    explicit ServiceDriver(Machine machine) : machine_(machine) {}

    Result<engine::Observation> probe(const engine::Call& call, const engine::ResourceRef& ref) override;
    Result<engine::Acknowledged> apply(const engine::Call& call, const engine::ResourceRef& ref,
                                       const engine::Token& token) override;
    Result<engine::Readiness> await(const engine::Call& call, const engine::ResourceRef& ref) override;
    Result<void> remove(const engine::Call& call, const engine::DeletionProof& proof) override;
    Result<std::vector<engine::InventoryItem>> inventory(const engine::Call& call, const std::string& install) override;
    Change classify_change(const Json& old_spec, const Json& new_spec) const override;

private:
    Result<ShimProgram> program_of(const engine::ResourceRef& ref) const;

    Machine machine_;
};

/// Names a version by all that its processes depend on; secrets by identity and version.
std::string version_of(const Json& spec);

}  // namespace ramet::targets::local
