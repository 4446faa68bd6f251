#include "app/deliveries.hpp"

#include "app/audit.hpp"
#include "app/context.hpp"
#include "app/scoping.hpp"
#include "app/work.hpp"

namespace ramet::app {

namespace {

constexpr int listed = 200;
constexpr int at_once = 100;
/// Of hundreds of hints at one thing only a few lead to a look at the Git host: each looks at the newest state.
constexpr Milliseconds between_looks{100};

std::string header(const forges::Delivery& delivery, const std::string& name)
{
    const auto found = delivery.headers.find(name);
    return found == delivery.headers.end() ? std::string() : found->second;
}

std::string event_of(const forges::Delivery& delivery)
{
    const auto gitea = header(delivery, "x-gitea-event-type");
    return gitea.empty() ? header(delivery, "x-github-event") : gitea;
}

/// Kept for people and for redelivery; what could let somebody in is left out.
std::map<std::string, std::string> kept_headers(const forges::Delivery& delivery)
{
    std::map<std::string, std::string> kept;
    for (const auto& [name, value] : delivery.headers)
        if (name.starts_with("x-") || name == "content-type" || name == "user-agent") kept[name] = value;
    return kept;
}

Result<forges::Hint> read_hint(App& app, const forges::Forge& forge, const storage::Project& project,
                               const forges::Delivery& delivery)
{
    const auto secret = TRY(app.stores.secrets.open(project.connection.webhook_secret));
    return forge.parse_event(delivery, secret.reveal());
}

/// Why nothing comes of a hint; empty when it leads to a look.
std::string reason_to_ignore(const storage::Project& project, const forges::Hint& hint)
{
    if (const auto* none = std::get_if<forges::NoHint>(&hint)) return none->reason;
    if (std::holds_alternative<forges::CommentHint>(hint)) return "commands in comments are not served yet";
    const auto* pull = std::get_if<forges::PullRequestHint>(&hint);
    const auto& repository = pull ? pull->repository : std::get<forges::BranchHint>(hint).repository;
    return repository == project.connection.repository ? "" : "it is about another repository";
}

/// What became of a delivery, into its row.
void judge(storage::StoredDelivery& row, const storage::Project& project, const forges::Hint& hint)
{
    row.reason = reason_to_ignore(project, hint);
    row.state = row.reason.empty() ? storage::DeliveryState::processed : storage::DeliveryState::ignored;
}

/// A hint that is not ignored leads to a fresh look at what it names.
void follow(App& app, const storage::Project& project, const forges::Hint& hint)
{
    if (const auto* pull = std::get_if<forges::PullRequestHint>(&hint)) {
        if (!pull->new_head.empty())
            app.work.add_spaced(commits_key(project.id, pull->number, pull->new_head), between_looks);
        app.work.add_spaced(pull_request_key(project.id, pull->number), between_looks);
    }
    if (const auto* branch = std::get_if<forges::BranchHint>(&hint))
        app.work.add_spaced(branch_key(project.id, branch->branch), between_looks);
}

Result<void> follow_stored(App& app, storage::StoredDelivery& row)
{
    const auto project = TRY(app.stores.projects.find_by_connection(row.forge, row.connection));
    if (!project) {
        row.state = storage::DeliveryState::ignored;
        row.reason = "its connection is gone";
        return {};
    }
    const auto forge = app.forges.open(*project);
    const auto hint = forge ? read_hint(app, **forge, *project, {row.headers, row.body})
                            : Result<forges::Hint>(std::unexpected(forge.error()));
    if (!hint) {
        row.state = storage::DeliveryState::failed;
        row.reason = hint.error().message;
        return {};
    }
    judge(row, *project, *hint);
    if (row.state == storage::DeliveryState::processed) follow(app, *project, *hint);
    return {};
}

/// One that was deleted meanwhile, with its project, needs no mark.
Result<void> mark(App& app, storage::Transaction& transaction, const storage::StoredDelivery& row)
{
    const auto marked = app.stores.deliveries.set_state(transaction, row.id, row.state, row.reason, app.clock.now());
    if (!marked && marked.error().kind != ErrorKind::not_found) return marked;
    return {};
}

}  // namespace

Result<Receipt> receive_delivery(App& app, const std::string& forge, const std::string& connection,
                                 forges::Delivery delivery)
{
    const auto project = TRY(app.stores.projects.find_by_connection(forge, connection));
    if (!project) return fail(ErrorKind::not_found, "there is no connection {} of {}", connection, forge);
    const auto adapter = TRY(app.forges.open(*project));
    const auto hint = TRY(read_hint(app, *adapter, *project, delivery));  // The signature is checked first of all.
    storage::StoredDelivery row{
        .forge = forge, .connection = connection, .delivery_id = adapter->delivery_id(delivery)};
    row.event = event_of(delivery);
    row.headers = kept_headers(delivery);
    row.body = std::move(delivery.body);
    row.received_at = app.clock.now();
    // A look is all that a hint leads to, and a server that dies before it looks at everything when it starts again: one commit
    // says that it came and what came of it.
    judge(row, *project, hint);
    row.processed_at = row.received_at;
    storage::Deliveries::Stored stored;
    TRY(app.database.write([&](storage::Transaction& transaction) -> Result<void> {
        stored = TRY(app.stores.deliveries.insert(transaction, row));
        return {};
    }));
    if (stored.what == storage::Deliveries::Stored::What::duplicate) return Receipt::duplicate;
    if (row.state == storage::DeliveryState::processed) follow(app, *project, hint);
    return Receipt::stored;
}

Result<void> follow_stored_deliveries(App& app)
{
    for (;;) {
        auto rows = TRY(app.stores.deliveries.list_waiting(at_once));
        if (rows.empty()) return {};
        for (auto& row : rows) TRY(follow_stored(app, row));
        TRY(app.database.write([&](storage::Transaction& transaction) -> Result<void> {
            for (const auto& row : rows) TRY(mark(app, transaction, row));
            return {};
        }));
    }
}

Result<std::vector<DeliveryView>> list_deliveries(App& app, const Caller& caller, const std::string& project)
{
    const auto projects = TRY(visible_projects(app, caller, project));
    std::vector<DeliveryView> views;
    for (const auto& visible : projects) {
        if (visible.connection.forge.empty()) continue;
        const auto rows = TRY(app.stores.deliveries.list(visible.connection.id, listed));
        for (const auto& row : rows)
            views.push_back({row.id, row.forge, visible.name, row.event, std::string(to_string(row.state)), row.reason,
                             row.received_at});
    }
    return views;
}

Result<void> redeliver(App& app, const Caller& caller, std::int64_t id)
{
    const auto row = app.stores.deliveries.get(id);
    if (!row && row.error().kind != ErrorKind::not_found) return std::unexpected(row.error());
    const auto project = row ? TRY(app.stores.projects.find_by_connection(row->forge, row->connection)) : std::nullopt;
    if (!project || !may_see(caller, project->name)) return fail(ErrorKind::not_found, "there is no delivery {}", id);
    TRY(app.database.write([&](storage::Transaction& transaction) -> Result<void> {
        TRY(app.stores.deliveries.redeliver(transaction, id));
        return audit(app, transaction, {caller.name, "delivery.redeliver", project->id, std::to_string(id), nullptr});
    }));
    app.work.add(std::string(deliveries_key));
    return {};
}

}  // namespace ramet::app
