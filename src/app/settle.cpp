#include "app/audit.hpp"
#include "app/deploy.hpp"
#include "app/environment_notes.hpp"
#include "app/goldens.hpp"
#include "app/report.hpp"
#include "app/views.hpp"
#include "app/work.hpp"

namespace ramet::app {

namespace {

using engine::RunState;

struct Outcome {
    EnvironmentState state;
    std::string reason{};
};

std::string failure_words(const App& app, const engine::RunView& run)
{
    return run.error ? app.redactor.redact(run.error->message) : std::string(to_string(run.state));
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

/// What an ended apply run means for people. `had_good`: an earlier generation served, and still does.
Outcome outcome_of(App& app, const EnvironmentId& id, const engine::RunView& run, bool had_good)
{
    switch (run.state) {
    case RunState::succeeded: return {EnvironmentState::ready};
    case RunState::needs_human: return {EnvironmentState::needs_human, "undoing got stuck: " + failure_words(app, run)};
    case RunState::kept: return {EnvironmentState::failed, failure_words(app, run) + " (kept for a look)"};
    case RunState::cancelled:
        return had_good ? Outcome{EnvironmentState::ready, "the last deployment was cancelled"}
                        : Outcome{EnvironmentState::failed, "its creation was cancelled"};
    default:
        return had_good ? Outcome{EnvironmentState::degraded, failure_words(app, run) + words_of_what_serves(app, id)}
                        : Outcome{EnvironmentState::failed, failure_words(app, run)};
    }
}

Result<void> take_over(App& app, const Environment& environment, const engine::RunView& run)
{
    const bool had_good = environment.observed_generation > 0;
    const auto outcome = outcome_of(app, environment.id, run, had_good);
    TRY(app.database.write([&](storage::Transaction& transaction) -> Result<void> {
        auto& environments = app.stores.environments;
        const auto now = app.clock.now();
        TRY(environments.set_state(transaction, environment.id, outcome.state, outcome.reason, now));
        if (run.state == RunState::succeeded)
            TRY(environments.set_observed_generation(transaction, environment.id, run.generation, now));
        return post_report(app, transaction, environment.id);
    }));
    state_changed(app, environment);
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
    app.work.add_after(std::string(tidy_key), std::chrono::milliseconds(1500));
    return {};
}

Result<void> settle_removal(App& app, const Environment& environment, const engine::RunView& run)
{
    if (run.state == RunState::succeeded) return bury(app, environment);
    if (run.state == RunState::superseded) return {};
    return take_over(app, environment, run);
}

bool is_waiting(const Environment& environment, const std::optional<engine::RunView>& run)
{
    // Its row asks for something that no run was submitted for: it waits for a golden copy or for room.
    return (environment.state == EnvironmentState::creating || environment.state == EnvironmentState::updating ||
            environment.state == EnvironmentState::queued) &&
           (!run || engine::is_final(run->state));
}

}  // namespace

Result<void> settle_environment(App& app, const EnvironmentId& id)
{
    const auto environment = TRY(app.stores.environments.find(id));
    if (!environment || is_only_registered(*environment)) return {};
    const auto run = TRY(newest_run(app, id));
    const bool has_ended = run && (engine::is_final(run->state) || run->state == RunState::kept);
    if (has_ended && run->kind == engine::RunKind::destroy) return settle_removal(app, *environment, *run);
    const bool is_open =
        environment->state == EnvironmentState::creating || environment->state == EnvironmentState::updating;
    // A row whose commit was changed and then could not be deployed is not what the run was about.
    const bool is_newest = has_ended && run->generation == environment->desired_generation &&
                           get_string(run->note, "commit") == environment->commit.str();
    if (is_open && is_newest && !has_pending(app, id)) return take_over(app, *environment, *run);
    if (is_waiting(*environment, run)) TRY(deploy_environment(app, id, {}));
    return {};
}

}  // namespace ramet::app
