#include "targets/local/inspection.hpp"

#include "targets/local/file_log.hpp"
#include "targets/local/held_shim.hpp"
#include "targets/local/job_driver.hpp"
#include "targets/local/shim_client.hpp"
#include "targets/local/shim_driver.hpp"

#include <filesystem>

namespace ramet::targets::local {

namespace {

constexpr std::string_view service_prefix = "service/";

std::string output(const engine::ResourceView& resource, const std::string& name)
{
    const auto found = resource.ref.outputs.find(name);
    return found == resource.ref.outputs.end() ? std::string() : found->second;
}

/// The words of the interface.
std::string word_of(ShimState state)
{
    switch (state) {
    case ShimState::starting: return "starting";
    case ShimState::healthy: return "healthy";
    case ShimState::unhealthy: return "unhealthy";
    case ShimState::restarting:
    case ShimState::crash_loop: return "restarting";
    case ShimState::failed: return "failed";
    case ShimState::idle:
    case ShimState::stopping:
    case ShimState::stopped: return "stopped";
    }
    return "stopped";
}

ServiceStatus status_of(const engine::ResourceView& resource, const std::optional<ShimStatus>& shim)
{
    ServiceStatus status{.name = resource.ref.path.substr(service_prefix.size()), .state = "stopped"};
    if (const auto port = output(resource, "port"); !port.empty())
        status.address = output(resource, "host") + ":" + port;
    if (!shim) return status;
    status.state = word_of(shim->state);
    status.restarts = shim->restarts;
    for (const auto& replica : shim->replicas) {
        if (replica.version != shim->version) continue;
        ++status.replicas;
        if (replica.pid > 0) status.process_ids.push_back(replica.pid);
    }
    return status;
}

std::vector<std::string> with_rotated(const Path& log)
{
    std::vector<std::string> files;
    std::error_code ignored;
    const auto older = log.string() + ".1";
    if (std::filesystem::exists(older, ignored)) files.push_back(older);
    if (std::filesystem::exists(log, ignored)) files.push_back(log.string());
    return files;
}

}  // namespace

Result<std::vector<ServiceStatus>> LocalInspector::inspect_services(std::span<const engine::ResourceView> resources)
{
    std::vector<ServiceStatus> statuses;
    for (const auto& resource : resources) {
        if (resource.phase != engine::Phase::live || resource.ref.kind != "local.service") continue;
        const auto name = resource.ref.path.substr(service_prefix.size());
        const auto shim = find_shim(service_shim_directory(machine_.root, resource.ref.mark.owner.str(), name));
        statuses.push_back(status_of(resource, shim ? *shim : std::nullopt));
    }
    std::ranges::sort(statuses, {}, &ServiceStatus::name);
    return statuses;
}

Result<Path> LocalInspector::log_of(const engine::ResourceView& resource, const std::string& part) const
{
    const auto owner = resource.ref.mark.owner.str();
    const std::string name(last_part(part));
    if (resource.ref.kind == "local.service") return log_path(service_shim_directory(machine_.root, owner, name));
    if (resource.ref.kind == "local.job") return log_path(job_directory(machine_.root, owner, name));
    if (resource.ref.kind == "local.build") return Path(output(resource, "log"));
    if (const auto log = output(resource, "log"); !log.empty()) return Path(log);
    return fail(ErrorKind::not_found, "{} keeps no log", part);
}

Result<std::unique_ptr<Log>> LocalInspector::open_log(std::span<const engine::ResourceView> resources,
                                                      const std::string& part, const LogRequest& request)
{
    for (const auto& path : {std::string(service_prefix) + part, part, "server/" + std::string(last_part(part))})
        for (const auto& resource : resources) {
            if (resource.ref.path != path || resource.phase == engine::Phase::gone) continue;
            const auto log = log_of(resource, part);
            if (log) return std::make_unique<FileLog>(with_rotated(*log), request);
        }
    return std::unexpected(Error{ErrorKind::not_found,
                                 fmt::format("there is no log of {} here", part),
                                 {},
                                 "`ramet why` keeps the last lines of what failed and was taken back"});
}

}  // namespace ramet::targets::local
