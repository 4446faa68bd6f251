#include "daemon/server.hpp"

#include "api/routes.hpp"
#include "app/access.hpp"
#include "app/step_events.hpp"
#include "app/work.hpp"
#include "base/log.hpp"
#include "base/version.hpp"
#include "daemon/drivers.hpp"
#include "daemon/failpoints.hpp"
#include "daemon/git_mirrors.hpp"
#include "daemon/held_git.hpp"
#include "daemon/peers.hpp"
#include "daemon/placement.hpp"
#include "daemon/shared_directory.hpp"
#include "daemon/state_pages.hpp"
#include "daemon/used_clusters.hpp"
#include "data/store/clone_store.hpp"
#include "engine/thread_scheduler.hpp"
#include "net/http_client.hpp"
#include "net/http_server.hpp"
#include "net/proxy.hpp"
#include "storage/key_file.hpp"
#include "storage/migrations/migration.hpp"
#include "storage/places.hpp"
#include "targets/kubernetes/kubeconfig_clusters.hpp"
#include "targets/local/route_driver.hpp"
#include "targets/local/tidy.hpp"

#include <mutex>

namespace ramet::daemon {

namespace {

constexpr std::size_t work_threads = 6;
constexpr Milliseconds steps_gather_for{20};

Result<storage::Installation> ensure_installation(storage::Database& database, Random& random, Clock& clock)
{
    return storage::Settings(database).ensure_installation(random, clock.now());
}

}  // namespace

/// Everything that lives as long as the server, in the order in which one needs the other.
struct Server::Parts {
    ServerSettings settings;
    SystemClock clock;
    SystemRandom random;
    secrets::Redactor redactor;
    std::optional<storage::PostgresPlace> place{};
    std::optional<SharedDirectory> directory{};
    std::unique_ptr<storage::Database> database;
    std::unique_ptr<secrets::FileKeys> keys;
    std::unique_ptr<storage::Stores> stores;
    net::CurlClient http;
    net::RouteTable route_table;
    RouteBoard board{route_table};
    data::StorePaths store_paths;
    data::GoldenCatalog goldens{store_paths};
    std::mutex touched_mutex;
    bool takes_touched = false;  ///< what the clusters' watches tell: until the work queue stops
    std::unique_ptr<targets::kubernetes::KubeconfigClusters> clusters;
    std::unique_ptr<Drivers> drivers;
    std::unique_ptr<Placement> placement;
    std::unique_ptr<GitMirrors> mirrors;
    std::unique_ptr<HeldGit> git;
    std::unique_ptr<app::ForgeConnections> forges;
    app::StepEvents step_events;
    app::App* app_seen_by_engine = nullptr;
    std::unique_ptr<Failpoints> failpoints;
    std::unique_ptr<engine::ThreadScheduler> scheduler;
    std::unique_ptr<engine::Engine> engine;
    std::unique_ptr<app::WorkQueue> work;
    std::unique_ptr<app::App> app;
    std::unique_ptr<api::StreamPump> pump;
    std::unique_ptr<api::Router> router;
    std::unique_ptr<net::HttpServer> api;
    std::unique_ptr<net::ReverseProxy> proxy;
    std::unique_ptr<Peers> peers;
    Parts(ServerSettings chosen, data::StorePaths paths)
        : settings(std::move(chosen)), store_paths(paths), goldens(paths)
    {
    }
    ~Parts() { stop(); }

    Result<void> open_stores();
    Result<void> make_target(const std::string& install);
    Result<void> make_app(const std::string& install);
    Result<void> start_proxy();
    Result<void> restore();
    Result<void> start_api();
    Result<void> start_peers();
    void watch_clusters();
    void stop();
    void watch(const engine::Change& change);
    void look_for_drift(const engine::OwnerId& owner);
};

Result<void> Server::Parts::open_stores()
{
    const auto& root = settings.data_directory;
    TRY(ensure_directory(root, 0711));
    if (settings.store) {
        place.emplace(storage::PostgresPlace{std::move(*settings.store), random_hex(random, 8)});
        database = TRY(storage::Database::open(*place));
        directory = TRY(SharedDirectory::join(*database, root, random));
    } else {
        database = TRY(storage::Database::open(storage::store_directory(root)));
    }
    const auto key_file = storage::key_file_of(root);
    TRY(ensure_directory(key_file.parent_path(), 0700));
    const auto company = directory ? directory->company() : storage::DirectoryLock::Company::alone;
    keys = TRY(storage::ensure_key_file(*database, key_file, company));
    TRY(data::ensure_store(store_paths));
    return {};
}

Result<void> Server::Parts::make_target(const std::string& install)
{
    drivers = TRY(Drivers::make(settings.data_directory, install, *stores, clock, board));
    clusters = std::make_unique<targets::kubernetes::KubeconfigClusters>(
        targets::kubernetes::KubeconfigClusters::Options{
            settings.kubeconfig, install, [this] { return list_used_clusters(*stores); },
            [this](const engine::OwnerId& owner) { look_for_drift(owner); }},
        clock);
    drivers->add_kubernetes(*clusters, stores->secrets);
    placement = std::make_unique<Placement>(drivers->machine(), settings.local_target, *clusters);
    mirrors = std::make_unique<GitMirrors>(settings.data_directory / "mirrors");
    git = std::make_unique<HeldGit>(*mirrors);
    forges = std::make_unique<app::ForgeConnections>(http, stores->secrets);
    return {};
}

/// Called on the engine's thread: nothing here blocks.
void Server::Parts::watch(const engine::Change& change)
{
    step_events.add(change);
    if (work == nullptr || app == nullptr) return;
    // Many steps change together: they are written together.
    work->add_after(std::string(app::events_key), change.step ? steps_gather_for : Milliseconds{0});
    app::follow_change(*app, change);
}

/// Called by the watches of clusters, which outlive the work queue.
void Server::Parts::look_for_drift(const engine::OwnerId& owner)
{
    const std::lock_guard lock(touched_mutex);
    if (takes_touched) app::look_for_drift_later(*app, EnvironmentId(owner.str()));
}

Result<void> Server::Parts::make_app(const std::string& install)
{
    scheduler = std::make_unique<engine::ThreadScheduler>(clock);
    failpoints = std::make_unique<Failpoints>(stores->runs, drivers->table());
    const engine::World world{clock, random, failpoints->store(), failpoints->drivers(), *scheduler};
    engine::EngineOptions options{.install = install};
    options.observer = [this](const engine::Change& change) { watch(change); };
    if (place) options.lease_terms.emplace();
    engine = std::make_unique<engine::Engine>(world, std::move(options));
    work = std::make_unique<app::WorkQueue>(
        clock, work_threads, [this](const std::string& key) { app::work_on(*app, key); },
        place ? shared_turns(stores->turns) : app::WorkQueue::Turns{});
    if (place) database->set_fence(fence_of(stores->turns));
    app::Settings fixed{.install = install, .data_directory = settings.data_directory};
    fixed.uses_own_machine = settings.local_target == targets::local::Offer::open;
    fixed.reconcile_every = settings.poll_every;
    app = std::make_unique<app::App>(app::App{fixed, clock, random, *database, *stores, *keys, redactor, *engine,
                                              placement->target, placement->inspector, placement->attacher, goldens,
                                              *git, *forges, step_events, *work});
    app->tidy = [] { targets::local::remove_empty_control_groups(std::chrono::seconds(1)); };
    app->refresh_pages = [this](const EnvironmentId& id) { daemon::refresh_pages(*app, board, id); };
    const std::lock_guard lock(touched_mutex);
    takes_touched = true;
    return {};
}

/// What is only held in memory: routes and pages; then the engine goes on where it was.
Result<void> Server::Parts::restore()
{
    // Of servers that share the data directory, only the first may take for abandoned what is unfinished.
    if (!directory || directory->is_alone()) TRY(targets::local::remove_unfinished(settings.data_directory));
    if (directory) TRY(directory->let_others_in());
    TRY(show_routes(*stores, board));
    const auto environments = TRY(stores->environments.list_all());
    for (const auto& environment : environments)
        if (environment.state != EnvironmentState::ready) daemon::refresh_pages(*app, board, environment.id);
    const int runs = TRY(engine->recover());
    if (runs > 0) log::info("{} runs go on", runs);
    return {};
}

Result<void> Server::Parts::start_proxy()
{
    net::ProxyOptions options;
    options.listen = settings.proxy_listen;
    proxy = TRY(net::ReverseProxy::start(options, route_table));
    app->settings.proxy_port = proxy->port();
    return {};
}

Result<void> Server::Parts::start_api()
{
    auto routes = TRY(api::Router::make(api::all_routes()));
    router = std::make_unique<api::Router>(std::move(routes));
    pump = std::make_unique<api::StreamPump>();
    net::ServerOptions options;
    options.listen = settings.listen;
    options.workers = 16;
    api = TRY(net::HttpServer::start(options, [this](const net::Request& request, const net::Responder& responder) {
        api::serve(*app, *pump, *router, request, responder);
    }));
    auto own = settings.listen;
    own.port = api->port();
    app->settings.public_url = settings.public_url.empty() ? "http://" + net::to_text(own) : settings.public_url;
    return {};
}

Result<void> Server::Parts::start_peers()
{
    if (!place) return {};
    storage::Servers::Server self{
        .id = place->server, .name = name_of_this_process(), .version = std::string(ramet::version)};
    self.schema = storage::postgres_migrations().back().version;
    const auto events_came = [this] {
        if (pump) pump->notify();
    };
    peers = TRY(Peers::start(*place, {*app, board, std::move(self), events_came}));
    return {};
}

/// What was changed by hand while no server ran is found by the first list of each cluster.
void Server::Parts::watch_clusters()
{
    const auto used = clusters->list_used();
    if (!used) log::warning("the clusters are not watched yet: {}", used.error().message);
    for (const auto& context : used.value_or(std::vector<std::string>{}))
        if (const auto opened = clusters->open(context); !opened)
            log::warning("the cluster {} is not watched: {}", context, opened.error().message);
}

void Server::Parts::stop()
{
    {
        const std::lock_guard lock(touched_mutex);
        takes_touched = false;
    }
    // First, so that no request waits for another server's turn any more.
    if (work) work->stop();
    if (api) api->stop();
    if (pump) pump->stop();
    if (proxy) proxy->stop();
    if (engine) engine->stop();
    // Its turns are free for others when nothing works in them any more.
    peers.reset();
}

Server::Server(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
Server::~Server() = default;

Result<std::unique_ptr<Server>> Server::start(ServerSettings settings)
{
    const data::StorePaths paths{settings.data_directory};
    auto parts = std::make_unique<Parts>(std::move(settings), paths);
    TRY(parts->open_stores());
    const auto installation = TRY(ensure_installation(*parts->database, parts->random, parts->clock));
    log::set_redactor([redactor = &parts->redactor](std::string_view text) { return redactor->redact(text); });
    parts->stores = std::make_unique<storage::Stores>(
        *parts->database, storage::Secrets::Parts{installation.id, *parts->keys, parts->redactor},
        parts->place ? parts->place->server : "");
    parts->stores->events.listen([own = parts.get()](std::int64_t) {
        if (own->pump) own->pump->notify();
    });
    TRY(parts->stores->secrets.teach_redactor());
    TRY(parts->make_target(installation.id));
    TRY(parts->make_app(installation.id));
    TRY(parts->start_proxy());
    TRY(parts->restore());
    TRY(parts->start_api());
    TRY(parts->start_peers());
    parts->watch_clusters();
    parts->work->add(std::string(app::everything_key));
    app::tidy_later(*parts->app);
    return std::unique_ptr<Server>(new Server(std::move(parts)));
}

std::string Server::url() const
{
    auto own = parts_->settings.listen;
    own.port = parts_->api->port();
    return "http://" + net::to_text(own);
}

std::string Server::proxy_url() const
{
    auto own = parts_->settings.proxy_listen;
    own.port = parts_->proxy->port();
    return "http://" + net::to_text(own);
}

Result<std::string> Server::make_login_token()
{
    const std::string every = "ramet up";
    auto& app = *parts_->app;
    // Each of several servers has its own, which ends when that server has left, or was not heard of for long.
    std::set<std::string> kept;
    if (parts_->place)
        for (const auto& server : TRY(app.stores.servers.list_known())) kept.insert(every + " " + server.id);
    const auto name = parts_->place ? every + " " + parts_->place->server : every;
    const app::Caller self{every, app::Role::admin, {}};
    const auto earlier = TRY(app::list_tokens(app, self));
    for (const auto& token : earlier)
        if (token.name == every || (token.name.starts_with(every + " ") && !kept.contains(token.name)))
            TRY(app::revoke_token(app, self, token.id));
    const auto token = TRY(app::create_token(app, self, {.name = name, .role = app::Role::admin}));
    return std::string(token.reveal());
}

}  // namespace ramet::daemon
