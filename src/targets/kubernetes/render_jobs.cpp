#include "targets/kubernetes/render_pods.hpp"

#include <algorithm>

namespace ramet::targets::kubernetes {

namespace {

bool is_born_empty(const DesiredDatabase& database)
{
    return is_own(database) && database.strategy == DataStrategy::seed;
}

/// What tells one filling of the databases from the next: a reset brings another claim, Redis is born empty with its pod.
Json encode_incarnations(const Rendering& rendering, std::vector<std::string>& needs)
{
    json::object incarnations;
    for (const auto& database : rendering.desired.databases) {
        if (!is_own(database)) continue;
        const auto data = data_path(database.name);
        if (!rendering.has_node(data)) {
            incarnations[database.name] = database.incarnation;
            continue;
        }
        needs.push_back(data);
        incarnations[database.name] = output_of(data, "name");
    }
    return incarnations;
}

/// The key that a job is done once per (engine.md, "The graph").
Json encode_once(const Rendering& rendering, JobMoment moment, const RenderedContainer& program,
                 std::vector<std::string>& needs)
{
    const auto& desired = rendering.desired;
    json::object once{{"moment", to_string(moment)}, {"environment", desired.id.str()}};
    switch (moment) {
    case JobMoment::before_start:
        for (const auto* member : {"image", "command", "env"})
            if (const auto* value = program.container.if_contains(member)) once[member] = *value;
        once["secrets"] = program.secrets_used;
        once["data"] = encode_incarnations(rendering, needs);
        break;
    case JobMoment::seed: once["data"] = encode_incarnations(rendering, needs); break;
    case JobMoment::after_create:
    case JobMoment::cron: break;
    case JobMoment::after_ready:
    case JobMoment::before_delete: once["generation"] = desired.generation; break;
    }
    return once;
}

/// Tried once: what shall run again says so itself, and what failed is told at once.
json::object make_run(const DesiredJob& job, json::object pods)
{
    const auto seconds = std::chrono::ceil<std::chrono::seconds>(job.declared.timeout).count();
    pod_of(pods)["restartPolicy"] = "Never";
    return {{"backoffLimit", 0},
            {"activeDeadlineSeconds", std::max<std::int64_t>(1, seconds)},
            {"template", std::move(pods)}};
}

json::object make_job(const DesiredJob& job, json::object run)
{
    json::object object{{"apiVersion", "batch/v1"},
                        {"kind", "Job"},
                        // Another time is another Job, which the one before does not stand in the way of.
                        {"metadata", json::object{{"generateName", job.name + "-"}}}};
    object["spec"] = std::move(run);
    return object;
}

/// Its times are UTC, as everywhere in the file. One that still runs is not joined by another.
json::object make_schedule(const DesiredJob& job, json::object run)
{
    auto object = make_object("batch/v1", "CronJob", job.name);
    object["spec"] = json::object{{"schedule", job.declared.cron},
                                  {"timeZone", "Etc/UTC"},
                                  {"concurrencyPolicy", "Forbid"},
                                  {"startingDeadlineSeconds", 300},
                                  {"successfulJobsHistoryLimit", 1},
                                  {"failedJobsHistoryLimit", 1},
                                  {"jobTemplate", json::object{{"spec", std::move(run)}}}};
    return object;
}

Result<void> render_job(Rendering& rendering, const DesiredJob& job)
{
    const auto& declared = job.declared;
    if (declared.image.empty())
        return fail(ErrorKind::refused, "jobs.{}: `build` is not served on a cluster yet", job.name);
    auto needs = rendering.guards();
    add_moment_needs(rendering, declared.when, needs);
    for (const auto& [name, need] : declared.needs) needs.push_back(path_of_need(rendering, name, need));
    auto program = TRY(render_program(rendering, {.name = job.name,
                                                  .image = declared.image,
                                                  .run = declared.run,
                                                  .resources = declared.resources,
                                                  .env = job.env}));
    std::ranges::move(program.needs, std::back_inserter(needs));
    json::object more;
    if (declared.when != JobMoment::cron) more["once"] = encode_once(rendering, declared.when, program, needs);
    if (!declared.required) more["required"] = false;
    auto run = make_run(
        job, make_pods(rendering, job.name, std::move(program.container), annotate_secrets(program.secrets_used)));
    auto object = declared.when == JobMoment::cron ? make_schedule(job, std::move(run)) : make_job(job, std::move(run));
    rendering.add_object(job_path(job.name), std::move(object), std::move(needs), std::move(more));
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

}  // namespace ramet::targets::kubernetes
