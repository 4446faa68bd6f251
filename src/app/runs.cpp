#include "app/runs.hpp"

#include "app/audit.hpp"
#include "app/scoping.hpp"

namespace ramet::app {

namespace {

constexpr std::size_t listed = 50;

engine::OwnerId owner_of(const Environment& environment)
{
    return engine::OwnerId(environment.id.str());
}

/// Evidence comes from what services print.
void redact(const App& app, std::optional<Error>& error)
{
    if (!error) return;
    error->message = app.redactor.redact(error->message);
    error->evidence = app.redactor.redact(error->evidence);
}

void redact(const App& app, engine::RunView& run)
{
    redact(app, run.error);
    for (auto& step : run.steps) redact(app, step.error);
}

Error no_such_run(const std::string& id)
{
    return Error{ErrorKind::not_found, "there is no run " + id, {}, "ramet run list ENV"};
}

/// Runs of goldens belong to a project, all others to an environment, perhaps one that is gone.
Result<void> check_visible(App& app, const Caller& caller, const engine::RunView& run)
{
    if (caller.project.empty()) return {};
    const auto found = get_visible_environment(app, caller, EnvironmentId(run.owner.str()));
    if (!found && get_string(run.note, "project") != caller.project) return std::unexpected(no_such_run(run.id.str()));
    return {};
}

}  // namespace

Result<std::vector<engine::RunView>> list_runs(App& app, const Caller& caller, const EnvironmentName& name)
{
    const auto found = TRY(get_visible_environment(app, caller, name));
    auto runs = TRY(app.engine.list_runs(owner_of(found.environment), listed));
    for (auto& run : runs) redact(app, run);
    return runs;
}

Result<engine::RunView> get_run(App& app, const Caller& caller, const std::string& id)
{
    auto run = TRY(app.engine.find_run(engine::EngineRunId(id)));
    if (!run) return std::unexpected(no_such_run(id));
    TRY(check_visible(app, caller, *run));
    redact(app, *run);
    return std::move(*run);
}

Result<void> cancel_run(App& app, const Caller& caller, const std::string& id)
{
    const auto run = TRY(get_run(app, caller, id));
    TRY(audit(app, {caller.name, "run.cancel", {}, id, nullptr}));
    return app.engine.cancel(run.id);
}

}  // namespace ramet::app
