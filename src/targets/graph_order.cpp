#include "targets/graph_order.hpp"

#include <algorithm>
#include <iterator>
#include <set>

namespace ramet::targets {

namespace {

void need_all(const GraphSoFar& so_far, std::string_view prefix, std::vector<std::string>& needs)
{
    for (const auto& node : so_far.graph.nodes)
        if (node.path.starts_with(prefix)) needs.push_back(node.path);
}

/// Whether a job waits for `service`, directly or through others: such a service cannot wait for that job.
bool waits_for(const GraphSoFar& so_far, const std::string& name, const std::string& service,
               std::set<std::string>& seen)
{
    if (name == service) return true;
    if (!seen.insert(name).second) return false;
    const auto any = [&](const std::map<std::string, Need>& needs) {
        return std::ranges::any_of(needs,
                                   [&](const auto& need) { return waits_for(so_far, need.first, service, seen); });
    };
    if (const auto* job = so_far.find_job(name)) return any(job->declared.needs);
    const auto at = std::ranges::find(so_far.desired.services, name, &DesiredService::name);
    return at != so_far.desired.services.end() && any(at->declared.needs);
}

}  // namespace

std::string address_path(std::string_view service)
{
    return fmt::format("address/{}", service);
}

std::string service_path(std::string_view service)
{
    return fmt::format("service/{}", service);
}

std::string job_path(std::string_view job)
{
    return fmt::format("job/{}", job);
}

bool is_own(const DesiredService& service)
{
    return service.treatment == Treatment::rebuilt || service.treatment == Treatment::copied;
}

bool is_own(const DesiredDatabase& database)
{
    return database.strategy != DataStrategy::shared;
}

const DesiredJob* GraphSoFar::find_job(const std::string& name) const
{
    const auto at = std::ranges::find(desired.jobs, name, &DesiredJob::name);
    return at == desired.jobs.end() ? nullptr : &*at;
}

bool GraphSoFar::has_node(const std::string& path) const
{
    return std::ranges::any_of(graph.nodes, [&](const auto& node) { return node.path == path; });
}

std::vector<std::string> job_paths(const GraphSoFar& so_far, JobMoment moment)
{
    std::vector<std::string> paths;
    for (const auto& job : so_far.desired.jobs)
        if (job.declared.when == moment && so_far.has_node(job_path(job.name))) paths.push_back(job_path(job.name));
    return paths;
}

void add_moment_needs(const GraphSoFar& so_far, JobMoment moment, std::vector<std::string>& needs)
{
    need_all(so_far, "database/", needs);
    if (moment == JobMoment::before_start) return;
    std::ranges::copy(job_paths(so_far, JobMoment::before_start), std::back_inserter(needs));
    if (moment == JobMoment::seed) return;
    need_all(so_far, "service/", needs);
    if (moment != JobMoment::after_create)
        std::ranges::copy(job_paths(so_far, JobMoment::after_create), std::back_inserter(needs));
}

void add_first_jobs(const GraphSoFar& so_far, const DesiredService& service, std::vector<std::string>& needs)
{
    for (const auto& job : so_far.desired.jobs) {
        std::set<std::string> seen;
        const auto path = job_path(job.name);
        if (so_far.has_node(path) && !waits_for(so_far, job.name, service.name, seen)) needs.push_back(path);
    }
}

}  // namespace ramet::targets
