#pragma once

#include "targets/inspector.hpp"
#include "targets/local/machine.hpp"

namespace ramet::targets::local {

/// Asks the shims of an environment; reads no process that is not below one of them.
class LocalInspector final : public Inspector {
public:
    explicit LocalInspector(Machine machine) : machine_(machine) {}

    Result<std::vector<ServiceStatus>> inspect_services(std::span<const engine::ResourceView> resources) override;
    /// What its services become is seen by their shims, and mended there.
    Result<std::vector<Drift>> find_drift(std::span<const engine::ResourceView>) override
    {
        return std::vector<Drift>{};
    }
    Result<std::unique_ptr<Log>> open_log(std::span<const engine::ResourceView> resources, const std::string& part,
                                          const LogRequest& request) override;

private:
    Result<Path> log_of(const engine::ResourceView& resource, const std::string& part) const;

    Machine machine_;
};

}  // namespace ramet::targets::local
