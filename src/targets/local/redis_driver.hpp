#pragma once

#include "targets/local/machine.hpp"

namespace ramet::targets::local {

/// Kind `redis.server`, node "database/<name>": a Redis of its own, with a password, in memory only. Outputs: host, port.
class RedisDriver final : public engine::Driver {
public:
    explicit RedisDriver(Machine machine) : machine_(machine) {}

    Result<engine::Observation> probe(const engine::Call& call, const engine::ResourceRef& ref) override;
    Result<engine::Acknowledged> apply(const engine::Call& call, const engine::ResourceRef& ref,
                                       const engine::Token& token) override;
    Result<engine::Readiness> await(const engine::Call& call, const engine::ResourceRef& ref) override;
    Result<void> remove(const engine::Call& call, const engine::DeletionProof& proof) override;
    Result<std::vector<engine::InventoryItem>> inventory(const engine::Call& call, const std::string& install) override;
    Change classify_change(const Json& old_spec, const Json& new_spec) const override;

private:
    Result<ShimProgram> program_of(const engine::ResourceRef& ref, int port) const;
    Result<void> write_configuration(const engine::ResourceRef& ref, int port) const;

    Machine machine_;
};

}  // namespace ramet::targets::local
