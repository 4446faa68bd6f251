#include "app/previews.hpp"

#include "app/audit.hpp"
#include "app/deploy.hpp"
#include "app/ended.hpp"
#include "app/environment_notes.hpp"
#include "app/preparation.hpp"
#include "app/preview_decision.hpp"
#include "app/projects.hpp"
#include "app/report.hpp"
#include "app/scoping.hpp"
#include "app/views.hpp"
#include "app/work.hpp"
#include "base/log.hpp"
#include "clone/clone.hpp"
#include "domain/names.hpp"

namespace ramet::app {

namespace {

/// Everything about one pull request that a decision needs, read now.
struct Situation {
    storage::Project project;
    ProjectFile file;
    Result<PullRequest> answer;  ///< of the Git host
    std::optional<Environment> preview;
    const PullRequest& pull_request() const { return *answer; }
};

Result<Situation> read_situation(App& app, const ProjectId& id, std::int64_t number)
{
    Situation situation;
    situation.project = TRY(app.stores.projects.get(id));
    const auto forge = TRY(app.forges.open(situation.project));
    situation.answer = forge->get_pull_request(situation.project.connection.repository, number);
    situation.file = TRY(parse_file(situation.project.file_text, situation.project.file_name));
    situation.preview = TRY(app.stores.environments.find_by_pull_request(id, number));
    return situation;
}

clone::Revision revision_of(const Situation& situation)
{
    const auto& pull = situation.pull_request();
    return {pull.head_commit, pull.head_branch, situation.project.repository_url,
            variables::PullRequestFacts{pull.number, pull.author}};
}

std::optional<Time> expiry_of(App& app, const PreviewPolicy& policy)
{
    if (!policy.lifecycle.ttl) return std::nullopt;
    return app.clock.now() + *policy.lifecycle.ttl;
}

Result<Environment> insert_preview(App& app, const storage::Project& project, const ProjectFile& file, Environment row)
{
    const auto& policy = *file.previews;
    const auto base = TRY(app.stores.environments.find_by_name(project.id, policy.base));
    if (!base) return fail(ErrorKind::conflict, "the base {} is not registered", policy.base);
    row.id = EnvironmentId(random_hex(app.random, 8));
    row.project = project.id;
    row.origin = EnvironmentOrigin::preview;
    if (row.base.empty()) row.base = base->id;
    row.trusted_branch = project.trusted_branch;
    row.target = policy.target;
    row.created_at = row.updated_at = app.clock.now();
    row.expires_at = expiry_of(app, policy);
    TRY(app.database.write([&](storage::Transaction& transaction) -> Result<void> {
        TRY(app.stores.environments.insert(transaction, row));
        return audit(
            app, transaction,
            {row.created_by, "preview.create", project.id, row.name, json::object{{"commit", row.commit.str()}}});
    }));
    return row;
}

/// The row asks for this commit from now on; a deployment follows.
Result<void> take_commit(App& app, const Environment& preview, const PullRequest& pull, const PreviewPolicy& policy)
{
    auto row = TRY(app.stores.environments.get(preview.id));
    const auto expected = row.desired_generation;
    row.commit = pull.head_commit;
    row.branch = pull.head_branch;
    // With the commit: else it would be told ready at a commit that is not deployed yet.
    row.state = row.observed_generation > 0 ? EnvironmentState::updating : EnvironmentState::creating;
    if (policy.lifecycle.ttl && policy.lifecycle.extend_on_push) row.expires_at = expiry_of(app, policy);
    return app.database.write(
        [&](storage::Transaction& transaction) { return app.stores.environments.update(transaction, row, expected); });
}

Result<void> open_preview(App& app, const Situation& situation)
{
    const auto& pull = situation.pull_request();
    Environment row;
    row.name = clone::preview_name(*situation.file.previews, situation.project.name, revision_of(situation));
    row.commit = pull.head_commit;
    row.branch = pull.head_branch;
    row.pull_request = pull.number;
    row.created_by = pull.author;
    const auto preview = TRY(insert_preview(app, situation.project, situation.file, std::move(row)));
    return app.work.run_exclusive(environment_key(preview.id), [&]() -> Result<void> {
        TRY(deploy_environment(app, preview.id, {.asked_by = pull.author}));
        return {};
    });
}

Result<CommitSha> submitted_commit(App& app, const EnvironmentId& id)
{
    const auto desired = TRY(load_desired(app, id));
    return desired ? desired->commit : CommitSha();
}

Result<Remembered::Preview> remember_preview(App& app, const Environment& row)
{
    const auto desired = TRY(load_desired(app, row.id));
    const auto left = TRY(load_left_commit(app, row.id));
    Remembered::Preview known{row.state, row.commit, desired ? desired->commit : CommitSha(), left};
    // Another generation than the one that was deployed last: a snapshot, or a removal.
    if (row.state == EnvironmentState::deleting || !desired || desired->generation == row.desired_generation)
        return known;
    const auto run = TRY(newest_run(app, row.id));
    known.is_half_removed = run && run->kind == engine::RunKind::destroy;
    return known;
}

/// What is stored, beside the Git host's answer. `preview` may be null.
Result<Remembered> remember(App& app, const ProjectId& project, const PullRequest& pull, const Environment* preview)
{
    Remembered known;
    known.was_ended = TRY(was_ended_at(app, project, pull.number, pull.head_commit));
    if (preview) known.preview = TRY(remember_preview(app, *preview));
    return known;
}

/// `preview` as it is in its turn.
Result<PreviewDecision> decide(App& app, const Situation& situation, const std::optional<Environment>& preview)
{
    Remembered known;
    if (situation.answer)
        known = TRY(remember(app, situation.project.id, situation.pull_request(), preview ? &*preview : nullptr));
    auto decision = decide_preview(*situation.file.previews, situation.answer, known);
    if (decision.act == PreviewAct::unknown) return std::unexpected(situation.answer.error());
    if (decision.forgets_ended) TRY(forget_ended(app, situation.project.id, situation.pull_request().number));
    return decision;
}

Result<void> reconcile_without_preview(App& app, const Situation& situation)
{
    const auto decision = TRY(decide(app, situation, std::nullopt));
    const auto number = situation.pull_request().number;
    if (decision.act == PreviewAct::refuse) return post_refusal(app, situation.project, number, decision.reason);
    app.refusals->forget(pull_request_key(situation.project.id, number));
    return decision.act == PreviewAct::open ? open_preview(app, situation) : Result<void>{};
}

/// The caller holds the environment's turn.
Result<void> reconcile_with_preview(App& app, const Situation& situation, const EnvironmentId& id)
{
    const auto now = TRY(app.stores.environments.find(id));
    if (!now) return {};  // Its end is followed by another look.
    const auto decision = TRY(decide(app, situation, now));
    using When = DeployOptions::When;
    const auto when = decision.act == PreviewAct::restore ? When::always : When::changed;
    if (decision.act == PreviewAct::redeploy || decision.act == PreviewAct::restore) {
        const auto& pull = situation.pull_request();
        TRY(take_commit(app, *now, pull, *situation.file.previews));
        const auto deployed = TRY(deploy_environment(app, id, {.when = when, .asked_by = pull.author}));
        // The run that there was may have ended while the row asked for something else.
        if (deployed.outcome == Deployed::Outcome::unchanged) app.work.add(environment_key(id));
    }
    if (decision.act == PreviewAct::destroy) TRY(destroy_environment(app, id, "ramet: " + decision.reason));
    return {};
}

}  // namespace

void fetch_early(App& app, const ProjectId& id, std::int64_t number, const CommitSha& head)
{
    const auto fetch = [&]() -> Result<void> {
        const auto project = TRY(app.stores.projects.get(id));
        const auto forge = TRY(app.forges.open(project));
        const auto source = TRY(git_source(app, project));
        return app.git.fetch_commit(source, head, forge->pull_request_ref(number));
    };
    if (const auto fetched = fetch(); !fetched) log::debug("fetching #{} early: {}", number, fetched.error().message);
}

Result<void> reconcile_pull_request(App& app, const ProjectId& project, std::int64_t number)
{
    const auto situation = TRY(read_situation(app, project, number));
    if (!situation.file.previews) return {};
    if (!situation.preview) return reconcile_without_preview(app, situation);
    const auto& id = situation.preview->id;
    return app.work.run_exclusive(environment_key(id), [&] { return reconcile_with_preview(app, situation, id); });
}

Result<bool> needs_look(App& app, const ProjectId& project, const PreviewPolicy& policy, const PullRequest& listed,
                        const Environment* preview)
{
    const auto known = TRY(remember(app, project, listed, preview));
    const auto decision = decide_preview(policy, listed, known);
    if (decision.act == PreviewAct::refuse)
        return app.refusals->find(pull_request_key(project, listed.number)) != decision.reason;
    return decision.act != PreviewAct::nothing ||
           (decision.forgets_ended && TRY(was_ended(app, project, listed.number)));
}

Result<void> reconcile_branch(App& app, const ProjectId& id, const std::string& branch)
{
    const auto project = TRY(app.stores.projects.get(id));
    const auto environments = TRY(app.stores.environments.list(id));
    std::vector<std::string> moved;
    const auto source = TRY(git_source(app, project));
    for (const auto& environment : environments) {
        const bool follows = environment.origin == EnvironmentOrigin::managed && environment.branch == branch &&
                             !is_only_registered(environment);
        if (!follows || environment.state == EnvironmentState::deleting) continue;
        const auto head = TRY(app.git.fetch_ref(source, "refs/heads/" + branch));
        const auto submitted = TRY(submitted_commit(app, environment.id));
        if (environment.commit != head)
            moved.push_back(environment.name);
        else if (submitted != head)
            TRY(app.work.run_exclusive(environment_key(environment.id),
                                       [&] { return deploy_environment(app, environment.id, {}); }));
    }
    if (moved.empty()) return {};
    const Caller pusher{"push to " + branch, Role::admin, {}};
    if (branch != project.trusted_branch) {
        // Its commits are deployed; the file that counts stays that of the trusted branch.
        TRY(take_over_trusted_file(app, pusher, project, project.file_text, project.trusted_commit, moved));
        return {};
    }
    const auto head = TRY(app.git.fetch_ref(source, "refs/heads/" + branch));
    const auto text = TRY(app.git.read_file(source, head, project.file_name));
    TRY(take_over_trusted_file(app, pusher, project, text, head, moved));
    return {};
}

Result<EnvironmentView> create_preview(App& app, const Caller& caller, const PreviewRequest& request)
{
    if (!request.branch.empty()) TRY(check_branch(request.branch));
    if (!request.name.empty()) TRY(check_name(request.name));
    const auto project = TRY(get_visible_project(app, caller, request.project));
    const auto file = TRY(parse_file(project.file_text, project.file_name));
    if (!file.previews)
        return fail(ErrorKind::refused, "the file of {} has no `previews:`, which says what they are cloned from",
                    project.name);
    Environment row;
    if (!request.base.empty()) {
        const auto base = TRY(app.stores.environments.find_by_name(project.id, request.base));
        if (!base) return fail(ErrorKind::not_found, "no environment is called {}", request.base);
        row.base = base->id;
    }
    const auto source = TRY(git_source(app, project));
    row.branch = request.branch;
    row.commit = CommitSha(request.commit);
    if (request.commit.empty())
        row.commit = TRY(app.git.fetch_ref(source, "refs/heads/" + request.branch));
    else if (!is_commit_sha(request.commit))
        return fail(ErrorKind::invalid, "a commit is 40 hexadecimal digits, not \"{}\"", request.commit);
    else
        TRY(app.git.fetch_commit(source, row.commit,
                                 request.branch.empty() ? std::string() : "refs/heads/" + request.branch));
    row.name = request.name.empty()
                   ? preview_name_of_branch(request.branch.empty() ? short_sha(row.commit) : request.branch)
                   : request.name;
    TRY(check_name(row.name));
    row.created_by = caller.name;
    const auto preview = TRY(insert_preview(app, project, file, std::move(row)));
    TRY(app.work.run_exclusive(environment_key(preview.id),
                               [&] { return deploy_environment(app, preview.id, {.asked_by = caller.name}); }));
    const auto now = TRY(app.stores.environments.get(preview.id));
    return view_of(app, project, now);
}

}  // namespace ramet::app
