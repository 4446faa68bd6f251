#include "app/previews.hpp"

#include "app/audit.hpp"
#include "app/deploy.hpp"
#include "app/ended.hpp"
#include "app/environment_notes.hpp"
#include "app/preparation.hpp"
#include "app/projects.hpp"
#include "app/report.hpp"
#include "app/scoping.hpp"
#include "app/views.hpp"
#include "app/work.hpp"
#include "base/log.hpp"
#include "clone/clone.hpp"
#include "clone/wants_preview.hpp"
#include "domain/names.hpp"

namespace ramet::app {

namespace {

/// Everything about one pull request that a decision needs, read now.
struct Situation {
    storage::Project project;
    ProjectFile file;
    PullRequest pull_request;
    std::optional<Environment> preview;
};

Result<Situation> read_situation(App& app, const ProjectId& id, std::int64_t number)
{
    Situation situation;
    situation.project = TRY(app.stores.projects.get(id));
    const auto forge = TRY(app.forges.open(situation.project));
    situation.pull_request = TRY(forge->get_pull_request(situation.project.connection.repository, number));
    situation.file = TRY(parse_file(situation.project.file_text, situation.project.file_name));
    situation.preview = TRY(app.stores.environments.find_by_pull_request(id, number));
    return situation;
}

clone::Revision revision_of(const Situation& situation)
{
    const auto& pull = situation.pull_request;
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
    if (row.observed_generation > 0) row.state = EnvironmentState::updating;
    if (policy.lifecycle.ttl && policy.lifecycle.extend_on_push) row.expires_at = expiry_of(app, policy);
    return app.database.write(
        [&](storage::Transaction& transaction) { return app.stores.environments.update(transaction, row, expected); });
}

Result<void> open_preview(App& app, const Situation& situation)
{
    const auto& pull = situation.pull_request;
    const bool was_ended = TRY(was_ended_at(app, situation.project.id, pull.number, pull.head_commit));
    if (was_ended) return {};
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

/// An attempt that could not decide anything (the repository did not answer) has changed the row and submitted nothing.
Result<bool> was_submitted(App& app, const EnvironmentId& id, const CommitSha& commit)
{
    const auto desired = TRY(load_desired(app, id));
    return desired && desired->commit == commit;
}

Result<void> push_to_preview(App& app, const Situation& situation)
{
    const auto& preview = *situation.preview;
    const auto& pull = situation.pull_request;
    return app.work.run_exclusive(environment_key(preview.id), [&]() -> Result<void> {
        const auto now = TRY(app.stores.environments.find(preview.id));
        if (!now || now->state == EnvironmentState::deleting) return {};
        const bool is_submitted = TRY(was_submitted(app, preview.id, pull.head_commit));
        if (now->commit == pull.head_commit && is_submitted) return {};
        const auto left = TRY(load_left_commit(app, preview.id));
        if (left == pull.head_commit) return {};  // A person went back from it.
        TRY(take_commit(app, *now, pull, *situation.file.previews));
        TRY(deploy_environment(app, preview.id, {.asked_by = pull.author}));
        return {};
    });
}

Result<void> end_preview(App& app, const Environment& preview, const std::string& reason)
{
    return app.work.run_exclusive(environment_key(preview.id), [&]() -> Result<void> {
        const auto now = TRY(app.stores.environments.find(preview.id));
        if (!now || now->state == EnvironmentState::deleting) return {};
        TRY(destroy_environment(app, preview.id, reason));
        return {};
    });
}

/// A fork, for one, is told why; a pull request that merely has not the label is left in peace.
bool is_worth_telling(const Situation& situation)
{
    return situation.pull_request.is_fork() && situation.pull_request.state == PullRequestState::open;
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
    const auto wish = clone::wants_preview(*situation.file.previews, situation.pull_request, {});
    using clone::Wish;
    if (wish.wish != Wish::wanted) TRY(forget_ended(app, project, number));
    if (wish.wish == Wish::as_it_is) return {};
    if (wish.wish == Wish::wanted)
        return situation.preview ? push_to_preview(app, situation) : open_preview(app, situation);
    if (wish.wish == Wish::not_wanted && situation.preview)
        return end_preview(app, *situation.preview, "ramet: " + wish.reason);
    if (!situation.preview && is_worth_telling(situation))
        return post_refusal(app, situation.project, number, wish.reason);
    return {};
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
        const bool is_submitted = TRY(was_submitted(app, environment.id, head));
        if (environment.commit != head)
            moved.push_back(environment.name);
        else if (!is_submitted)
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
