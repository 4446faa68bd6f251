#include "daemon/peers.hpp"

#include "app/work.hpp"
#include "base/log.hpp"
#include "storage/news.hpp"
#include "targets/local/route_driver.hpp"

#include <array>

namespace ramet::daemon {
namespace {

constexpr std::chrono::seconds tick{2};
constexpr std::chrono::seconds prolong_every = storage::Turns::term / 4;
constexpr std::chrono::seconds look_at_everything_every{16};

/// Kinds of work at which two servers would be in each other's way. A key is one of them by itself, or with "/…" behind it.
constexpr std::array<std::string_view, 9> shared_work = {"pull",       "branch", "environment", "admission", "backup",
                                                         "deliveries", "outbox", "everything",  "rotation"};

bool is_shared(std::string_view key)
{
    return std::ranges::find(shared_work, key.substr(0, key.find('/'))) != shared_work.end();
}

bool is_due(std::chrono::steady_clock::time_point& last, std::chrono::seconds period,
            std::chrono::steady_clock::time_point now)
{
    if (now - last < period) return false;
    last = now;
    return true;
}

template <typename T>
void warn(const Result<T>& done, std::string_view what)
{
    if (!done) log::warning("{}: {}", what, done.error().message);
}

}  // namespace

app::WorkQueue::Turns shared_turns(storage::Turns& turns)
{
    const auto take = [&turns](const std::string& key) -> Result<std::optional<Milliseconds>> {
        if (!is_shared(key) || TRY(turns.take(key))) return std::nullopt;
        // Another server works on it; the periodic look is one server's for as long as it is up.
        return key == app::everything_key ? Milliseconds(5'000) : Milliseconds(200);
    };
    const auto give_back = [&turns](const std::string& key) {
        if (is_shared(key) && key != app::everything_key) warn(turns.give_back(key), key);
    };
    return {take, give_back};
}

storage::Database::Fence fence_of(storage::Turns& turns)
{
    return [&turns]() -> storage::Write {
        std::vector<std::string> keys;
        std::ranges::copy_if(app::WorkQueue::turns_of_this_thread(), std::back_inserter(keys), is_shared);
        if (keys.empty()) return {};
        return [&turns, keys = std::move(keys)](storage::Transaction& transaction) -> Result<void> {
            for (const auto& key : keys) TRY(turns.check(transaction, key));
            return {};
        };
    };
}

Result<void> show_routes(storage::Stores& stores, RouteBoard& board)
{
    // Before the ledger is read: what this server's engine shows in between is in neither.
    const auto shown = TRY(board.list());
    std::set<std::string> kept;
    for (const auto& row : TRY(stores.runs.list_present("local.route"))) {
        kept.insert(row.ref.name);
        if (row.phase == engine::Phase::live) TRY(targets::local::restore_route(board, row.ref));
    }
    for (const auto& route : shown)
        if (!kept.contains(route.name)) TRY(board.remove(route.host, route.owner));
    return {};
}

Result<std::unique_ptr<Peers>> Peers::start(const storage::PostgresPlace& place, Means means)
{
    TRY(means.app.stores.servers.check_in(means.self));
    std::unique_ptr<Peers> peers(new Peers(std::move(means)));
    auto* const own = peers.get();
    peers->listener_ =
        TRY(storage::PostgresListener::start(place, [own](const std::string& news) { own->hear(news); }));
    peers->thread_ = std::jthread([own](const std::stop_token& stop) { own->work_until_stopped(stop); });
    return peers;
}

Peers::~Peers()
{
    listener_.reset();
    thread_ = {};
    warn(means_.app.stores.servers.leave(means_.self.id), "leaving the other servers");
}

void Peers::hear(const std::string& news)
{
    if (news == storage::news::events) return means_.events_came();
    {
        const std::lock_guard lock(mutex_);
        news_.insert(news);
    }
    came_.notify_one();
}

void Peers::work_until_stopped(const std::stop_token& stop)
{
    auto next_tick = std::chrono::steady_clock::now() + tick;
    while (!stop.stop_requested()) {
        std::set<std::string> news;
        {
            std::unique_lock lock(mutex_);
            came_.wait_until(lock, stop, next_tick, [this] { return !news_.empty(); });
            news.swap(news_);
        }
        for (const auto& each : news) act_on(each);
        if (std::chrono::steady_clock::now() < next_tick || stop.stop_requested()) continue;
        keep_up();
        next_tick = std::chrono::steady_clock::now() + tick;
    }
}

void Peers::act_on(const std::string& news)
{
    constexpr auto owner_prefix = storage::news::owner_prefix;
    if (news.empty()) return look_at_everything();
    if (news == storage::news::secrets)
        return warn(means_.app.stores.secrets.teach_redactor(), "hearing of a new secret");
    constexpr auto environment_prefix = storage::news::environment_prefix;
    if (news.starts_with(environment_prefix))
        means_.app.refresh_pages(EnvironmentId(news.substr(environment_prefix.size())));
    if (news.starts_with(owner_prefix)) look_at_owner(engine::OwnerId(news.substr(owner_prefix.size())));
}

void Peers::look_at_owner(const engine::OwnerId& owner)
{
    means_.app.engine.look(owner);
    warn(show_routes(means_.app.stores, means_.board), "showing the routes of other servers");
}

/// Of what was said while nobody listened.
void Peers::look_at_everything()
{
    warn(means_.app.engine.look_for_abandoned(), "looking for abandoned runs");
    warn(show_routes(means_.app.stores, means_.board), "showing the routes of other servers");
    const auto environments = means_.app.stores.environments.list_all();
    warn(environments, "reading the environments");
    if (environments) {
        // Those that are gone have pages here all the same, if their end was missed.
        auto outdated = means_.board.page_owners();
        for (const auto& environment : *environments) {
            if (environment.state != EnvironmentState::ready) means_.app.refresh_pages(environment.id);
            outdated.erase(environment.id.str());
        }
        for (const auto& owner : outdated) means_.board.drop_pages(owner, {});
    }
    means_.events_came();
}

void Peers::keep_up()
{
    const auto now = std::chrono::steady_clock::now();
    if (is_due(checked_in_, storage::Servers::check_in_every, now))
        warn(means_.app.stores.servers.check_in(means_.self), "telling that this server is up");
    if (is_due(prolonged_, prolong_every, now)) warn(means_.app.stores.turns.prolong_all(), "keeping the turns");
    if (is_due(looked_, look_at_everything_every, now)) return look_at_everything();
    warn(means_.app.engine.look_for_abandoned(), "looking for abandoned runs");
}

}  // namespace ramet::daemon
