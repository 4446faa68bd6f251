#pragma once

#include "targets/graph_order.hpp"

#include <set>
#include <string>
#include <vector>

namespace ramet::targets::local {

/// One rendering: the desired environment, and the nodes so far. Private to the files of `render`.
struct Rendering : GraphSoFar {
    bool has_service(const std::string& name) const;
    bool has_database(const std::string& name) const;
    /// Needs sorted and once each; those that this environment has no node for (what is shared or skipped) are left out.
    void add(engine::Node node);
};

inline constexpr const char* home_path = "home";

/// What a program is made from and runs with; shared by services and jobs.
struct ProgramParts {
    std::string name;
    const std::optional<Build>& build;
    const std::string& image;
    const std::optional<ProjectCommand>& run;
    const std::vector<std::string>& paths;
    const std::vector<ResolvedVariable>& env;
    const std::string& input_hash;
    Milliseconds build_timeout;
};
/// Adds the build's node, unless one with the same inputs is there, and gives its path; empty when there is nothing to build.
std::string render_build(Rendering& rendering, const ProgramParts& parts);
/// Members `run`, `env`, `uid`, `artefact`, `directory`, with what they refer to in `needs`.
Result<json::object> render_program(Rendering& rendering, const ProgramParts& parts, std::vector<std::string>& needs);

Result<void> render_databases(Rendering& rendering);
/// Builds are named after services first: a job made from one shares its artefact.
void render_service_builds(Rendering& rendering);
Result<void> render_services(Rendering& rendering);
void render_routes(Rendering& rendering);

/// Adds the jobs of one moment.
Result<void> render_jobs(Rendering& rendering, JobMoment moment);
/// The node that satisfies `needs: {NAME: healthy}`; empty when it is another environment's or nobody's.
std::string path_of_need(const Rendering& rendering, const std::string& name, Need need);

}  // namespace ramet::targets::local
