#include "app/environments.hpp"

#include "app/audit.hpp"
#include "app/deploy.hpp"
#include "app/goldens.hpp"
#include "app/preparation.hpp"
#include "app/scoping.hpp"
#include "app/views.hpp"
#include "app/work.hpp"
#include "secrets/redacting_stream.hpp"

namespace ramet::app {

namespace {

/// The step that holds everything up: a failed one, else one that is waited for.
const engine::StepView* find_blocking(const engine::RunView& run)
{
    using enum engine::StepState;
    for (const auto state : {stuck, failed, backoff, unknown, probe, waiting, in_flight})
        for (const auto& step : run.steps)
            if (step.state == state) return &step;
    for (const auto& step : run.steps)
        if (step.error && run.error && step.error->message == run.error->message) return &step;  // Taken back since.
    return nullptr;
}

/// What has a log that `ramet logs` shows: a service by its name, builds, jobs and databases by their paths.
std::string log_of(std::string_view path)
{
    constexpr std::string_view service = "service/";
    if (path.starts_with(service)) return std::string(path.substr(service.size()));
    for (const auto* kind : {"build/", "job/", "data/", "server/", "database/"})
        if (path.starts_with(kind)) return std::string(path);
    return {};
}

/// The command that deploys it once more: a base is not the preview commands' to change.
std::string redeployment_of(const Environment& environment)
{
    if (environment.origin == EnvironmentOrigin::preview) return "ramet preview redeploy " + environment.name;
    return "ramet apply -f ramet.yaml --env " + environment.name;
}

std::vector<std::string> next_steps_of(const Environment& environment, const engine::StepView* step)
{
    const auto& name = environment.name;
    std::vector<std::string> next;
    // What was taken back took its log with it; the last lines are the evidence.
    const bool has_log = step != nullptr && step->state != engine::StepState::undone && !log_of(step->path).empty();
    if (has_log) next.push_back("ramet logs " + name + " " + log_of(step->path));
    switch (environment.state) {
    case EnvironmentState::failed:
    case EnvironmentState::degraded: next.push_back("push a fix, or: " + redeployment_of(environment)); break;
    case EnvironmentState::queued: next.push_back("ramet preview list, and delete one that is not needed"); break;
    case EnvironmentState::needs_human: next.push_back("ramet doctor, then: ramet preview delete " + name); break;
    default: break;
    }
    return next;
}

Result<const DesiredDatabase*> find_database(const DesiredEnvironment& desired, const std::string& name)
{
    for (const auto& database : desired.databases)
        if (database.name == name) return &database;
    return fail(ErrorKind::not_found, "{} has no database {}", desired.name, name);
}

Result<const DesiredService*> find_service(const DesiredEnvironment& desired, const std::string& name)
{
    for (const auto& service : desired.services)
        if (service.name == name) return &service;
    return fail(ErrorKind::not_found, "{} has no service {}", desired.name, name);
}

Result<DesiredEnvironment> get_desired(App& app, const Found& found)
{
    auto desired = TRY(load_desired(app, found.environment.id));
    if (!desired)
        return fail(ErrorKind::conflict, "{} was not deployed yet: {}", found.environment.name,
                    found.environment.reason);
    return std::move(*desired);
}

Result<std::string> deploy_with(App& app, const Found& found, DeployOptions options)
{
    const auto& id = found.environment.id;
    const auto deployed =
        TRY(app.work.run_exclusive(environment_key(id), [&] { return deploy_environment(app, id, options); }));
    if (deployed.outcome == Deployed::Outcome::refused) return fail(ErrorKind::refused, "{}", deployed.reason);
    return deployed.run;
}

}  // namespace

Result<std::vector<EnvironmentView>> list_environments(App& app, const Caller& caller, const std::string& project,
                                                       bool previews_only)
{
    std::vector<EnvironmentView> views;
    const auto projects = TRY(visible_projects(app, caller, project));
    for (const auto& visible : projects) {
        const auto environments = TRY(app.stores.environments.list(visible.id));
        for (const auto& environment : environments) {
            if (previews_only && environment.origin != EnvironmentOrigin::preview) continue;
            auto view = TRY(view_of(app, visible, environment));
            views.push_back(std::move(view));
        }
    }
    return views;
}

Result<EnvironmentView> get_environment(App& app, const Caller& caller, const EnvironmentName& name)
{
    const auto found = TRY(get_visible_environment(app, caller, name));
    return view_of(app, found.project, found.environment);
}

Result<Explanation> explain_environment(App& app, const Caller& caller, const EnvironmentName& name)
{
    const auto found = TRY(get_visible_environment(app, caller, name));
    Explanation explanation{.state = std::string(to_string(found.environment.state)),
                            .reason = reason_of(app, found.environment)};
    const auto run = TRY(newest_run(app, found.environment.id));
    const engine::StepView* step = run ? find_blocking(*run) : nullptr;
    if (step != nullptr) {
        explanation.blocking_step = step->path;
        if (explanation.reason.empty()) explanation.reason = step->waiting_for;
        if (step->error) explanation.error = redacted(app, *step->error);
    }
    if (!explanation.error && run && run->error) explanation.error = redacted(app, *run->error);
    explanation.next_steps = next_steps_of(found.environment, step);
    return explanation;
}

Result<SecretBytes> get_connection_url(App& app, const Caller& caller, const EnvironmentName& name,
                                       const std::string& database)
{
    const auto found = TRY(get_visible_environment(app, caller, name));
    const auto desired = TRY(get_desired(app, found));
    const auto* declared = TRY(find_database(desired, database));
    const auto view = TRY(view_of(app, found.project, found.environment));
    std::string address;
    for (const auto& candidate : view.databases)
        if (candidate.name == database) address = candidate.address;
    if (address.empty()) return fail(ErrorKind::conflict, "the database {} of {} is not running", database, name.name);
    const auto password = TRY(app.stores.secrets.open(declared->password));
    TRY(audit(app,
              {caller.name, "database.connect", found.project.id, found.environment.name + "/" + database, nullptr}));
    if (declared->declared.type == DatabaseType::redis)
        return SecretBytes(fmt::format("redis://:{}@{}/0", password.reveal(), address));
    return SecretBytes(
        fmt::format("postgres://{}:{}@{}/{}", declared->role, password.reveal(), address, declared->database_name));
}

Result<std::vector<LogSource>> find_logs(App& app, const Caller& caller, const EnvironmentName& name,
                                         const std::string& what, const targets::LogRequest& request)
{
    const auto found = TRY(get_visible_environment(app, caller, name));
    const auto resources = TRY(app.engine.list_resources(owner_of(found.environment.id)));
    std::vector<std::string> parts{what};
    if (what.empty()) {
        parts.clear();
        const auto statuses = TRY(app.inspector.inspect_services(resources));
        for (const auto& status : statuses) parts.push_back(status.name);
    }
    std::vector<LogSource> sources;
    for (const auto& part : parts) {
        auto log = TRY(app.inspector.open_log(resources, part, request));
        sources.push_back({part, std::move(log)});
    }
    return sources;
}

LogRedactor make_log_redactor(App& app)
{
    return [stream = std::make_shared<secrets::RedactingStream>(app.redactor)](std::string_view piece) {
        return piece.empty() ? stream->finish() : stream->feed(piece);
    };
}

Result<std::string> restart_service(App& app, const Caller& caller, const EnvironmentName& name,
                                    const std::string& service)
{
    const auto found = TRY(get_visible_environment(app, caller, name));
    const auto desired = TRY(get_desired(app, found));
    TRY(find_service(desired, service));
    return deploy_with(app, found,
                       {.when = DeployOptions::When::always, .restart = {service}, .asked_by = caller.name});
}

Result<std::string> scale_service(App& app, const Caller& caller, const EnvironmentName& name,
                                  const std::string& service, int replicas)
{
    const auto found = TRY(get_visible_environment(app, caller, name));
    const auto desired = TRY(get_desired(app, found));
    TRY(find_service(desired, service));
    return deploy_with(app, found, {.scale = {{service, replicas}}, .asked_by = caller.name});
}

Result<std::string> delete_environment(App& app, const Caller& caller, const EnvironmentName& name,
                                       const std::string& confirm)
{
    const auto found = TRY(get_visible_environment(app, caller, name));
    const auto& environment = found.environment;
    if (environment.origin == EnvironmentOrigin::adopted)
        return fail(ErrorKind::refused, "{} was made by others: Ramet reads it and never ends it", environment.name);
    if (environment.is_protected && confirm != environment.name)
        return std::unexpected(Error{ErrorKind::refused,
                                     environment.name + " is protected",
                                     {},
                                     "ramet env delete " + environment.name + " --confirm " + environment.name});
    const auto previews = TRY(app.stores.environments.list_previews_of(environment.id));
    if (!previews.empty())
        return std::unexpected(Error{ErrorKind::conflict,
                                     fmt::format("{} previews branch from {}", previews.size(), environment.name),
                                     {},
                                     "ramet preview delete " + previews.front().name});
    return app.work.run_exclusive(environment_key(environment.id),
                                  [&] { return destroy_environment(app, environment.id, caller.name); });
}

Result<std::string> refresh_golden(App& app, const Caller& caller, const EnvironmentName& name,
                                   const std::string& database)
{
    const auto found = TRY(get_visible_environment(app, caller, name));
    const auto desired = TRY(get_desired(app, found));
    TRY(find_database(desired, database));
    // A preview's data comes from its base: that is where a new copy is made.
    const auto source = found.environment.base.empty() ? found.environment.id : found.environment.base;
    TRY(audit(app,
              {caller.name, "database.refresh", found.project.id, found.environment.name + "/" + database, nullptr}));
    return make_golden(app, {found.project.id, source, database, {}});
}

}  // namespace ramet::app
