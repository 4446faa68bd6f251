#include "targets/local/postgres/spec.hpp"
#include "targets/local/render_pieces.hpp"
#include "targets/local/values.hpp"

#include <algorithm>

namespace ramet::targets::local {
namespace {

bool is_born_empty(const DesiredDatabase& database)
{
    return is_own(database) && database.strategy == DataStrategy::seed && database.snapshot.resource.empty();
}

/// It came back whole: no seed job fills it again.
bool is_put_back(const DesiredDatabase& database)
{
    return !database.snapshot.resource.empty();
}

/// What tells one filling of the databases from the next: a reset brings another directory, Redis is born empty with its shim.
Json encode_incarnations(const Rendering& rendering, JobMoment moment, std::vector<std::string>& needs)
{
    json::object incarnations;
    for (const auto& database : rendering.desired.databases) {
        if (!is_own(database) || (moment == JobMoment::seed && is_put_back(database))) continue;
        if (database.declared.type != DatabaseType::postgres) {
            incarnations[database.name] = database.incarnation;
            continue;
        }
        needs.push_back(postgres::server_path(database.name));
        incarnations[database.name] = output_of(postgres::server_path(database.name), "data");
    }
    return incarnations;
}

/// The key that a job is done once per (engine.md, "The graph").
Json encode_once(const Rendering& rendering, JobMoment moment, const json::object& program,
                 std::vector<std::string>& needs)
{
    const auto& desired = rendering.desired;
    json::object once{{"moment", to_string(moment)}, {"environment", desired.id.str()}};
    switch (moment) {
    case JobMoment::before_start:
        for (const auto* member : {"run", "env", "artefact"})
            if (const auto* value = program.if_contains(member)) once[member] = *value;
        once["data"] = encode_incarnations(rendering, moment, needs);
        break;
    case JobMoment::seed: once["data"] = encode_incarnations(rendering, moment, needs); break;
    case JobMoment::after_create:
    case JobMoment::cron: break;
    case JobMoment::after_ready:
    case JobMoment::before_delete: once["generation"] = desired.generation; break;
    }
    return once;
}

Result<void> render_job(Rendering& rendering, const DesiredJob& job)
{
    static const std::vector<std::string> no_paths;
    const auto& declared = job.declared;
    std::vector<std::string> needs;
    add_moment_needs(rendering, declared.when, needs);
    for (const auto& [name, need] : declared.needs) needs.push_back(path_of_need(rendering, name, need));
    auto spec = TRY(render_program(rendering,
                                   {job.name, declared.build, declared.image, declared.run, no_paths, job.env,
                                    job.input_hash, rendering.desired.deploy.timeout},
                                   needs));
    spec["job"] = job.name;
    spec["once"] = encode_once(rendering, declared.when, spec, needs);
    spec["required"] = declared.required;
    spec["timeout_ms"] = declared.timeout.count();
    rendering.add(
        {.path = job_path(job.name), .kind = "local.job", .spec = std::move(spec), .needs = std::move(needs)});
    return {};
}

}  // namespace

Result<void> render_jobs(Rendering& rendering, JobMoment moment)
{
    if (moment == JobMoment::seed && std::ranges::none_of(rendering.desired.databases, is_born_empty)) return {};
    for (const auto& job : rendering.desired.jobs)
        if (job.declared.when == moment) TRY(render_job(rendering, job));
    return {};
}

}  // namespace ramet::targets::local
