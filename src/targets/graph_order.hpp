#pragma once

#include "clone/desired.hpp"
#include "engine/graph.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace ramet::targets {

// What waits for what in an environment, wherever it is put. Each target renders nodes of its own kinds under these paths. Pure.

std::string address_path(std::string_view service);
std::string service_path(std::string_view service);
std::string job_path(std::string_view job);

/// Whether the environment runs an instance of its own.
bool is_own(const DesiredService& service);
bool is_own(const DesiredDatabase& database);

/// What is wanted, and the nodes so far.
struct GraphSoFar {
    const DesiredEnvironment& desired;
    engine::Graph graph{};

    const DesiredJob* find_job(const std::string& name) const;
    bool has_node(const std::string& path) const;
};

/// Paths of the jobs of one moment that have a node.
std::vector<std::string> job_paths(const GraphSoFar& so_far, JobMoment moment);

/// What has to be there before the jobs of a moment run.
void add_moment_needs(const GraphSoFar& so_far, JobMoment moment, std::vector<std::string>& needs);

/// Nothing starts before what shall run before the start, unless that needs the service itself.
void add_first_jobs(const GraphSoFar& so_far, const DesiredService& service, std::vector<std::string>& needs);

}  // namespace ramet::targets
