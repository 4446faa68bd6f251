#include "app/goldens.hpp"

#include "app/deploy.hpp"
#include "base/hash.hpp"
#include "targets/local/postgres/golden_spec.hpp"

#include <algorithm>
#include <set>

namespace ramet::app {

namespace {

namespace postgres = targets::postgres;

// A copy that failed is not tried again at once for each preview that asks; a person's `db refresh` is.
constexpr auto no_retry_for = std::chrono::seconds(30);
constexpr auto time_limit = std::chrono::hours(1);
constexpr std::string_view owner_prefix = "golden-";

// One owner per source: two databases of a project can be copied at the same time.
engine::OwnerId owner_of(const GoldenQuestion& question)
{
    return engine::OwnerId(std::string(owner_prefix) +
                           short_hash({question.project.str(), question.base.str(), question.database}));
}

data::GoldenSource source_of(const GoldenQuestion& question)
{
    return {question.project, question.base.str(), question.database};
}

std::optional<engine::ResourceView> find_live(const std::vector<engine::ResourceView>& resources,
                                              const std::string& path)
{
    for (const auto& resource : resources)
        if (resource.ref.path == path && resource.phase == engine::Phase::live) return resource;
    return std::nullopt;
}

std::string output(const engine::ResourceView& resource, const std::string& name)
{
    const auto found = resource.ref.outputs.find(name);
    return found == resource.ref.outputs.end() ? std::string() : found->second;
}

/// The running server of the base, as the copy reaches it.
Result<postgres::GoldenRequest> request_for(App& app, const GoldenQuestion& question)
{
    const auto resources = TRY(app.engine.list_resources(engine::OwnerId(question.base.str())));
    const auto server = find_live(resources, "server/" + question.database);
    const auto database = find_live(resources, "database/" + question.database);
    if (!server || !database)
        return fail(ErrorKind::conflict, "the base has no running database {} to copy", question.database);
    postgres::GoldenRequest request;
    request.source = source_of(question);
    request.label = random_hex(app.random, 4);
    request.socket_directory = output(*server, "socket_directory");
    request.port = output(*server, "port");
    request.database_name = get_string(database->ref.spec, "database_name");
    if (const auto version = get_string(server->ref.spec, "version"); !version.empty()) request.version = version;
    return request;
}

/// Goldens that stay: the newest of this source and those that are pinned. The engine removes what is not in the graph. A copy is
/// found, and pinned, from its publication on, which is a moment before its run has noted that it stands: it stays as well.
Result<engine::Graph> graph_with(App& app, const GoldenQuestion& question, const postgres::GoldenRequest& request)
{
    const auto published = TRY(app.goldens.list(source_of(question)));
    const auto kept = data::choose_kept(published);
    const auto resources = TRY(app.engine.list_resources(owner_of(question)));
    engine::Graph graph{{postgres::golden_node(request)}};
    for (const auto& resource : resources) {
        const bool is_there = resource.phase == engine::Phase::live || resource.phase == engine::Phase::intended;
        if (!is_there) continue;
        const auto id = postgres::golden_id(resource.ref);
        const bool stays = std::ranges::any_of(kept, [&](const auto& golden) { return golden.id == id; });
        if (stays) graph.nodes.push_back(postgres::kept_golden_node(resource.ref));
    }
    return graph;
}

Result<std::optional<engine::RunView>> newest_run(App& app, const GoldenQuestion& question)
{
    auto runs = TRY(app.engine.list_runs(owner_of(question), 1));
    if (runs.empty()) return std::nullopt;
    return std::move(runs.front());
}

}  // namespace

bool is_golden_owner(const engine::OwnerId& owner)
{
    return owner.str().starts_with(owner_prefix);
}

Result<std::string> make_golden(App& app, const GoldenQuestion& question)
{
    const auto request = TRY(request_for(app, question));
    const auto newest = TRY(newest_run(app, question));
    engine::RunRequest run;
    run.owner = owner_of(question);
    run.generation = newest ? newest->generation + 1 : 1;
    run.kind = engine::RunKind::golden;
    run.graph = TRY(graph_with(app, question, request));
    run.timeout = time_limit;
    const auto project = TRY(app.stores.projects.get(question.project));
    run.note =
        json::object{{"project", project.name}, {"database", question.database}, {"project_id", project.id.str()}};
    const auto id = TRY(app.engine.submit(run));
    return id.str();
}

Result<void> remove_goldens(App& app, const Environment& ended)
{
    std::set<std::string> databases;
    for (const auto& golden : TRY(app.goldens.list()))
        if (golden.source.environment == ended.id.str()) databases.insert(golden.source.database);
    for (const auto& database : databases) {
        const GoldenQuestion question{ended.project, ended.id, database, {}};
        const auto newest = TRY(newest_run(app, question));
        if (!newest || newest->kind == engine::RunKind::destroy) continue;
        engine::RunRequest run;
        run.owner = owner_of(question);
        run.generation = newest->generation + 1;
        run.kind = engine::RunKind::destroy;
        run.note = json::object{{"database", database}, {"name", ended.name}, {"by", "ramet: its source has ended"}};
        TRY(app.engine.submit(run));
    }
    return {};
}

Result<GoldenAnswer> ensure_golden(App& app, const GoldenQuestion& question)
{
    const auto now = app.clock.now();
    const auto fresh = TRY(app.goldens.find_fresh(source_of(question), now, question.max_age));
    if (fresh) return GoldenFound{fresh->id, fresh->made_at};
    const auto newest = TRY(newest_run(app, question));
    if (newest && !engine::is_final(newest->state))
        return GoldenUnderWay{newest->id.str(), "a golden copy of " + question.database + " is being made"};
    const bool failed_lately = newest && newest->state != engine::RunState::succeeded && newest->error &&
                               newest->ended_at && now - *newest->ended_at < no_retry_for;
    if (failed_lately) {
        auto error = in_context(*newest->error, "making a golden copy of " + question.database);
        // Whatever kind of failure ended the run: asked again now, the answer is the same.
        error.kind = ErrorKind::conflict;
        return std::unexpected(std::move(error));
    }
    auto run = TRY(make_golden(app, question));
    return GoldenUnderWay{std::move(run), "a golden copy of " + question.database + " is being made"};
}

}  // namespace ramet::app
