#pragma once

#include "domain/project_file.hpp"
#include "engine/engine.hpp"
#include "targets/log.hpp"

#include <memory>
#include <span>
#include <string>
#include <vector>

namespace ramet::targets {

/// How a service is doing at this moment.
struct ServiceStatus {
    std::string name;
    std::string
        state;  ///< starting|healthy|unhealthy|restarting|stopped|failed; unknown while its target does not answer
    std::int64_t restarts = 0;
    int replicas = 0;
    std::vector<int> process_ids{};
    std::string address{};  ///< "127.0.0.1:20012"
};

/// What somebody else did to a resource of ours.
struct Drift {
    std::string resource;  ///< path
    std::string what;      ///< "spec.replicas was changed by kubectl"
};

/// Looks at what runs. Reads only; takes milliseconds.
class Inspector {
public:
    virtual ~Inspector() = default;

    /// All services among the resources of one environment, by name.
    virtual Result<std::vector<ServiceStatus>> inspect_services(std::span<const engine::ResourceView> resources) = 0;

    /// What of them somebody has changed or taken away since it was applied; nothing where that cannot be seen. `unavailable` while their target does not
    /// answer.
    virtual Result<std::vector<Drift>> find_drift(std::span<const engine::ResourceView> resources) = 0;

    /// The log of "api" (a service), "job/NAME", "build/NAME" or "database/NAME". not_found when the environment has no such part.
    virtual Result<std::unique_ptr<Log>> open_log(std::span<const engine::ResourceView> resources,
                                                  const std::string& part, const LogRequest& request) = 0;
};

}  // namespace ramet::targets
