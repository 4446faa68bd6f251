#include "app/context.hpp"
#include "app/ledger.hpp"
#include "app/metrics.hpp"
#include "base/version.hpp"

#include <charconv>

namespace ramet::app {

namespace {

constexpr EnvironmentState states[] = {EnvironmentState::awaiting_approval,
                                       EnvironmentState::queued,
                                       EnvironmentState::creating,
                                       EnvironmentState::updating,
                                       EnvironmentState::ready,
                                       EnvironmentState::degraded,
                                       EnvironmentState::failed,
                                       EnvironmentState::sleeping,
                                       EnvironmentState::waking,
                                       EnvironmentState::deleting,
                                       EnvironmentState::needs_human};

/// What a driver says of the data that it made; nothing where it was not cloned.
void measure_clone(App& app, const engine::Change& change, Milliseconds took)
{
    const auto resources = app.engine.list_resources(change.owner);
    if (!resources) return;
    for (const auto& resource : *resources) {
        const bool is_meant = resource.ref.path == change.step->path && resource.phase == engine::Phase::live;
        const auto method = output(&resource, "method");
        if (is_meant && !method.empty())
            app.metrics->observe_clone(method, took, static_cast<double>(numeric_output(&resource, "bytes_copied")));
    }
}

void measure_step(App& app, const engine::Change& change)
{
    const auto& step = *change.step;
    if (step.state != engine::StepState::done || !step.started_at || !step.ended_at) return;
    const auto took = *step.ended_at - *step.started_at;
    app.metrics->observe_step(step.kind, took);
    const bool is_made = step.action == engine::StepAction::create || step.action == engine::StepAction::replace;
    if (is_made && step.path.starts_with("data/")) measure_clone(app, change, took);
}

void measure_run(App& app, const engine::Change& change)
{
    if (!engine::is_final(change.state)) return;
    const auto run = app.engine.find_run(change.run);
    if (!run || !*run || !(*run)->ended_at) return;
    app.metrics->observe_run(to_string((*run)->kind), to_string((*run)->state), *(*run)->ended_at - (*run)->created_at);
}

Result<void> write_previews(App& app, Exposition& text)
{
    const auto environments = TRY(app.stores.environments.list_all());
    std::map<EnvironmentState, int> counts;
    for (const auto& environment : environments)
        if (environment.origin == EnvironmentOrigin::preview) ++counts[environment.state];
    text.family("ramet_previews", Exposition::Type::gauge, "Living previews by state.");
    for (const auto state : states) text.sample({{"state", std::string(to_string(state))}}, counts[state]);
    return {};
}

void write_load(App& app, Exposition& text)
{
    const auto load = app.work.load();
    text.family("ramet_queue_depth", Exposition::Type::gauge, "Work that is due and waits for a thread or its turn.");
    text.sample({}, static_cast<double>(load.due));
    text.family("ramet_reconcile_lag_seconds", Exposition::Type::gauge,
                "How long the work that waits longest is overdue.");
    text.sample({}, static_cast<double>(load.lag.count()) / 1000);
}

}  // namespace

void measure(App& app, const engine::Change& change)
{
    if (change.step)
        measure_step(app, change);
    else
        measure_run(app, change);
}

Result<std::string> read_metrics(App& app, const Caller& caller)
{
    if (!caller.project.empty())
        return fail(ErrorKind::forbidden, "the metrics are of all projects; your token is for {} only", caller.project);
    Exposition text;
    TRY(write_previews(app, text));
    write_load(app, text);
    app.metrics->write(text);
    text.family("ramet_build_info", Exposition::Type::gauge, "Always 1; the label says which version runs.");
    text.sample({{"version", std::string(version)}}, 1);
    return text.take();
}

}  // namespace ramet::app
