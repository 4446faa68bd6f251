// What a controller does to one preview, in its turn: what `src/app/deploy.cpp` and `src/app/settle.cpp` do.
#include "app/settle_decision.hpp"
#include "simulation/controller.hpp"

#include <fmt/core.h>

#include <algorithm>

namespace ramet::simulation {

using namespace engine;

namespace {

OwnerId owner_of(const EnvironmentId& id)
{
    return OwnerId(id.str());
}

std::optional<app::NewestRun> facts_of(const std::vector<RunRow>& runs)
{
    if (runs.empty()) return std::nullopt;
    const auto& run = runs.front();
    return app::NewestRun{run.kind, run.status.state, run.generation, CommitSha(get_string(run.note, "commit"))};
}

Result<void> without_value(const Result<EngineRunId>& result)
{
    if (!result) return std::unexpected(result.error());
    return {};
}

bool is_first(const Environment& row)
{
    return row.observed_generation == 0;
}

}  // namespace

app::Remembered::Preview Controller::remember(const PreviewRows::Preview& preview)
{
    const auto& row = preview.row;
    app::Remembered::Preview known{row.state, row.commit, preview.submitted, {}};
    const auto runs = world_.disk.list_runs(owner_of(row.id), 1).value();
    known.is_half_removed =
        row.state != EnvironmentState::deleting && !runs.empty() && runs.front().kind == RunKind::destroy;
    return known;
}

app::PreviewDecision Controller::decide_by_what_is_known(std::int64_t number, const Result<PullRequest>& answer,
                                                         const std::optional<PreviewRows::Preview>& preview)
{
    app::Remembered known;
    if (answer) known.was_ended = world_.rows.was_ended_at(number, answer->head_commit);
    if (preview) known.preview = remember(*preview);
    return app::decide_preview(world_.checker.policy, answer, known);
}

/// What a poll reads of the pull requests that are listed as open.
bool Controller::needs_look(const PullRequest& listed)
{
    const auto preview = world_.rows.find_by_pull_request(listed.number);
    const auto decision = decide_by_what_is_known(listed.number, listed, preview);
    return decision.act != app::PreviewAct::nothing || decision.forgets_ended;
}

Result<app::PreviewDecision> Controller::decide(std::int64_t number, const Result<PullRequest>& answer,
                                                const std::optional<PreviewRows::Preview>& preview)
{
    auto decision = decide_by_what_is_known(number, answer, preview);
    if (decision.act == app::PreviewAct::unknown)
        return fail(answer ? ErrorKind::unavailable : answer.error().kind, "{}", decision.reason);
    if (decision.forgets_ended)
        TRY(process_.commit_beside([&]() -> Result<void> {
            world_.rows.forget_ended(number);
            return {};
        }));
    return decision;
}

void Controller::reconcile_without_preview(std::int64_t number, const Result<PullRequest>& answer, const Done& done)
{
    const auto decision = decide(number, answer, std::nullopt);
    if (!decision) return done(std::unexpected(decision.error()));
    if (decision->act == app::PreviewAct::open) return open_preview(*answer, done);
    done({});
}

void Controller::reconcile_with_preview(const EnvironmentId& id, const Result<PullRequest>& answer, const Done& done)
{
    const auto now = world_.rows.find(id);
    if (!now) return done({});
    const auto decision = decide(now->row.pull_request, answer, now);
    if (!decision) return done(std::unexpected(decision.error()));
    if (decision->act == app::PreviewAct::destroy) return destroy(id, Again::as_wanted, done);
    const bool restores = decision->act == app::PreviewAct::restore;
    if (!restores && decision->act != app::PreviewAct::redeploy) return done({});
    if (const auto taken = take_commit(*now, *answer); !taken) return done(taken);
    deploy(id, {.when = restores ? When::always : When::changed}, [this, id, done](const Result<void>& result) {
        // The run that there was may have ended while the row asked for something else.
        add("environment/" + id.str());
        done(result);
    });
}

void Controller::open_preview(const PullRequest& pull, const Done& done)
{
    Environment row;
    row.id = EnvironmentId(fmt::format("pr-{}-{:x}", pull.number, world_.random.below(1U << 30U)));
    row.origin = EnvironmentOrigin::preview;
    row.pull_request = pull.number;
    row.commit = pull.head_commit;
    if (const auto inserted = process_.commit_beside([&] { return world_.rows.insert(row); }); !inserted)
        return done(inserted);
    in_turn("environment/" + row.id.str(), [this, id = row.id](const Done& then) { deploy(id, {}, then); }, done);
}

Result<void> Controller::take_commit(const PreviewRows::Preview& preview, const PullRequest& pull)
{
    world_.checker.on_taken(pull.number, pull.head_commit, preview.row.commit, preview.submitted);
    auto row = preview.row;
    row.commit = pull.head_commit;
    row.state = is_first(row) ? EnvironmentState::creating : EnvironmentState::updating;
    return process_.commit_beside([&] { return world_.rows.update(row, row.desired_generation); });
}

void Controller::deploy(const EnvironmentId& id, const DeployOptions& options, const Done& done)
{
    const auto preview = world_.rows.find(id);
    if (!preview || preview->row.state == EnvironmentState::deleting) return done({});
    const auto& row = preview->row;
    ask<Result<void>>([this, row] { return world_.host.answer_fetch(row.pull_request, row.commit); },
                      [this, preview, options, done](const Result<void>& fetched) {
                          if (!fetched && is_transient(fetched.error().kind)) return done(fetched);
                          if (!fetched) return done(refuse(preview->row));
                          if (options.when == When::changed && preview->submitted == preview->row.commit)
                              return done(leave_unchanged(*preview));
                          submit(preview->row, options, done);
                      });
}

/// A faulty file, or a commit that is gone.
Result<void> Controller::refuse(const Environment& before)
{
    auto row = before;
    row.state = is_first(row) ? EnvironmentState::failed : EnvironmentState::degraded;
    return process_.commit_beside([&] { return world_.rows.update(row, row.desired_generation); });
}

Result<void> Controller::leave_unchanged(const PreviewRows::Preview& preview)
{
    auto row = preview.row;
    const bool was_said = row.state == EnvironmentState::degraded || row.state == EnvironmentState::updating;
    if (!was_said || row.desired_generation != row.observed_generation) return {};
    row.state = EnvironmentState::ready;
    world_.checker.on_told(row.pull_request, row);
    return process_.commit_beside([&] { return world_.rows.update(row, row.desired_generation); });
}

/// The row, what was submitted and the run in one transaction.
void Controller::submit(const Environment& before, const DeployOptions& options, const Done& done)
{
    auto row = before;
    ++row.desired_generation;
    row.state = is_first(row) ? EnvironmentState::creating : EnvironmentState::updating;
    RunRequest request;
    request.owner = owner_of(row.id);
    request.generation = row.desired_generation;
    request.kind = RunKind::apply;
    request.graph = world_.project.render(row.commit);
    request.probe_all = options.when == When::always;
    request.timeout = options.time_limit;
    request.on_failure = FailurePolicy::keep_last_good;
    request.note =
        json::object{{"pull", row.pull_request}, {"commit", row.commit.str()}, {"by_hand", options.is_by_hand}};
    const auto expected = before.desired_generation;
    hand_over(
        std::move(request),
        [&rows = world_.rows, row, expected](Transaction&) -> Result<void> {
            TRY(rows.update(row, expected));
            rows.set_submitted(row.id, row.commit);
            return {};
        },
        done);
}

void Controller::destroy(const EnvironmentId& id, Again again, const Done& done)
{
    const auto preview = world_.rows.find(id);
    if (!preview || preview->row.state == EnvironmentState::deleting) return done({});
    auto row = preview->row;
    const auto expected = row.desired_generation++;
    row.state = EnvironmentState::deleting;
    RunRequest request;
    request.owner = owner_of(id);
    request.generation = row.desired_generation;
    request.kind = RunKind::destroy;
    if (!preview->submitted.empty()) request.graph = world_.project.render_before_delete();
    const bool is_by_hand = again == Again::for_newer_commit;
    request.note = json::object{{"pull", row.pull_request}, {"commit", row.commit.str()}, {"by_hand", is_by_hand}};
    hand_over(
        std::move(request),
        [&rows = world_.rows, row, expected, is_by_hand](Transaction&) -> Result<void> {
            TRY(rows.update(row, expected));
            if (is_by_hand) rows.save_ended(row.pull_request, row.commit);
            return {};
        },
        done);
}

void Controller::hand_over(RunRequest request, ExtraWrite extra, const Done& done)
{
    if (world_.is_stormy) request.timeout = std::min(request.timeout, Milliseconds{world_.random.between(20, 4'000)});
    say(fmt::format("p{} wants {} of {}, {}", process_.number(), to_string(request.kind), request.owner.str(),
                    name_of(CommitSha(get_string(request.note, "commit")))));
    process_.engine().submit_async(std::move(request), std::move(extra),
                                   [process = &process_, done](const Result<EngineRunId>& result) {
                                       if (process->is_alive()) done(without_value(result));
                                   });
}

void Controller::settle(const EnvironmentId& id, const Done& done)
{
    const auto preview = world_.rows.find(id);
    if (!preview) return done({});
    const auto runs = world_.disk.list_runs(owner_of(id), 1);
    if (!runs) return done(std::unexpected(runs.error()));
    switch (app::decide_settling(preview->row, facts_of(*runs), app::Pending::nothing)) {
    case app::Settling::nothing: return done({});
    case app::Settling::bury: return done(bury(preview->row));
    case app::Settling::take_over: return done(take_over(preview->row, runs->front()));
    case app::Settling::deploy: return deploy(id, {}, done);
    }
}

/// A pull request that was reopened meanwhile gets a new preview.
Result<void> Controller::bury(const Environment& row)
{
    TRY(process_.commit_beside([&]() -> Result<void> {
        world_.rows.remove(row.id);
        return {};
    }));
    say(fmt::format("the preview of #{} is gone", row.pull_request));
    add(fmt::format("pull/{}", row.pull_request));
    return {};
}

Result<void> Controller::take_over(const Environment& before, const RunRow& run)
{
    auto row = before;
    row.state = app::state_after(run.status.state, is_first(row) ? app::Before::nothing : app::Before::good);
    if (run.status.state == RunState::succeeded) row.observed_generation = run.generation;
    say(fmt::format("the preview of #{} is {} now", row.pull_request, to_string(row.state)));
    world_.checker.on_told(row.pull_request, row);
    return process_.commit_beside([&] { return world_.rows.update(row, row.desired_generation); });
}

}  // namespace ramet::simulation
