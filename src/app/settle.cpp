#include "app/audit.hpp"
#include "app/deploy.hpp"
#include "app/environment_notes.hpp"
#include "app/goldens.hpp"
#include "app/report.hpp"
#include "app/settle_decision.hpp"
#include "app/views.hpp"
#include "app/work.hpp"

#include <algorithm>

namespace ramet::app {

namespace {

using engine::RunState;

std::string failure_words(const App& app, const engine::RunView& run)
{
    return run.error ? app.redactor.redact(run.error->message) : std::string(to_string(run.state));
}

/// What could not be taken back and why; then why it was to be.
std::string words_of_what_is_stuck(const App& app, const engine::RunView& run)
{
    const auto first = failure_words(app, run);
    const auto step = std::ranges::find(run.steps, engine::StepState::stuck, &engine::StepView::state);
    if (step == run.steps.end() || !step->error) return first;
    const auto words = app.redactor.redact(step->error->message);
    return words == first ? first : fmt::format("{}; it began with: {}", words, first);
}

/// "; what was there before (a1b2c3d) still serves"
std::string words_of_what_serves(App& app, const EnvironmentId& id)
{
    constexpr std::size_t far_enough = 100;
    const auto runs = app.engine.list_runs(owner_of(id), far_enough);
    if (runs)
        for (const auto& run : *runs)
            if (run.kind == engine::RunKind::apply && run.state == RunState::succeeded &&
                !get_string(run.note, "commit").empty())
                return fmt::format("; what was there before ({}) still serves",
                                   short_sha(CommitSha(get_string(run.note, "commit"))));
    return "; what was there before still serves";
}

/// Why an environment is in the state that `state_after` a run says; empty when there is nothing to explain.
std::string reason_after(App& app, const EnvironmentId& id, const engine::RunView& run, Before before)
{
    const bool serves = before == Before::good;
    switch (run.state) {
    case RunState::succeeded: return {};
    case RunState::needs_human: return "undoing got stuck: " + words_of_what_is_stuck(app, run);
    case RunState::kept: return failure_words(app, run) + " (kept for a look)";
    case RunState::cancelled: return serves ? "the last deployment was cancelled" : "its creation was cancelled";
    default: return failure_words(app, run) + (serves ? words_of_what_serves(app, id) : "");
    }
}

Result<void> take_over(App& app, const Environment& environment, const engine::RunView& run)
{
    const auto before = environment.observed_generation > 0 ? Before::good : Before::nothing;
    const auto state = state_after(run.state, before);
    const auto reason = reason_after(app, environment.id, run, before);
    TRY(app.database.write([&](storage::Transaction& transaction) -> Result<void> {
        auto& environments = app.stores.environments;
        const auto now = app.clock.now();
        TRY(environments.set_state(transaction, environment.id, state, reason, now));
        if (run.state == RunState::succeeded)
            TRY(environments.set_observed_generation(transaction, environment.id, run.generation, now));
        return post_report(app, transaction, environment.id);
    }));
    state_changed(app, environment);
    // What was touched while the run went on was left alone.
    if (run.state == RunState::succeeded) look_for_drift_later(app, environment.id);
    return {};
}

std::string receipt_hash(App& app, const EnvironmentId& id, std::size_t& resources)
{
    const auto receipt = app.engine.find_receipt(owner_of(id));
    if (!receipt || !*receipt) return {};
    resources = (*receipt)->resources.size();
    return (*receipt)->hash;
}

/// The row goes when everything that it held is gone; its name stays for the receipt.
Result<void> bury(App& app, const Environment& environment)
{
    std::size_t resources = 0;
    const auto hash = receipt_hash(app, environment.id, resources);
    TRY(app.stores.secrets.forget(environment.id));
    const auto golden_ids = TRY(app.goldens.list());
    for (const auto& golden : golden_ids) TRY(app.goldens.unpin(golden.id, environment.id.str()));
    TRY(remove_goldens(app, environment));
    TRY(app.database.write([&](storage::Transaction& transaction) -> Result<void> {
        TRY(post_farewell(app, transaction, environment, resources, hash));
        TRY(audit(
            app, transaction,
            {"ramet", "environment.removed", environment.project, environment.name, json::object{{"receipt", hash}}}));
        return app.stores.environments.remove(transaction, environment.id, app.clock.now());
    }));
    state_changed(app, environment);
    // A pull request that was reopened meanwhile gets a new preview; what waits for room may come in.
    if (environment.pull_request != 0) app.work.add(pull_request_key(environment.project, environment.pull_request));
    app.work.add(std::string(admission_key));
    return {};
}

std::optional<NewestRun> facts_of(const std::optional<engine::RunView>& run)
{
    if (!run) return std::nullopt;
    return NewestRun{run->kind, run->state, run->generation, CommitSha(get_string(run->note, "commit"))};
}

}  // namespace

Result<void> settle_environment(App& app, const EnvironmentId& id)
{
    const auto environment = TRY(app.stores.environments.find(id));
    if (!environment || is_only_registered(*environment)) return {};
    const auto run = TRY(newest_run(app, id));
    const auto pending = has_pending(app, id) ? Pending::wishes : Pending::nothing;
    switch (decide_settling(*environment, facts_of(run), pending)) {
    case Settling::nothing: return {};
    case Settling::bury: return bury(app, *environment);
    case Settling::take_over: return take_over(app, *environment, *run);
    case Settling::deploy: TRY(deploy_environment(app, id, {})); return {};
    }
    return {};
}

}  // namespace ramet::app
