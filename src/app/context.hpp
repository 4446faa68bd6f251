#pragma once

#include "app/forge_connections.hpp"
#include "app/git.hpp"
#include "app/last_words.hpp"
#include "app/metrics.hpp"
#include "app/work_queue.hpp"
#include "base/clock.hpp"
#include "base/random.hpp"
#include "data/golden/catalog.hpp"
#include "engine/executor.hpp"
#include "secrets/file_keys.hpp"
#include "secrets/redactor.hpp"
#include "storage/stores.hpp"
#include "targets/attacher.hpp"
#include "targets/inspector.hpp"
#include "targets/target.hpp"

#include <atomic>
#include <functional>
#include <memory>
#include <string>

namespace ramet::app {

class StepEvents;

/// What is fixed while the server runs.
struct Settings {
    std::string install;  ///< marks what is ours
    Path data_directory;
    bool uses_own_machine = true;  ///< the local target is open
    std::string proxy_scheme = "http";
    int proxy_port = 0;
    /// Where the Git host reaches the API: for webhooks and links.
    std::string public_url{};
    /// How often everything is looked at without a reason: missed events are healed within this time.
    Milliseconds reconcile_every{15'000};
};

struct App {
    Settings settings;
    Clock& clock;
    Random& random;
    storage::Database& database;
    storage::Stores& stores;
    secrets::FileKeys& keys;
    secrets::Redactor& redactor;
    engine::Engine& engine;
    targets::Target& target;
    targets::Inspector& inspector;
    targets::Attacher& attacher;
    data::GoldenCatalog& goldens;
    Git& git;
    ForgeConnections& forges;
    StepEvents& step_events;
    /// Keys: see `work.hpp`.
    WorkQueue& work;
    /// Removes what processes leave outside of the ledger when they end: after each run, and when the server starts.
    std::function<void()> tidy{};
    /// Shows the state of an environment at its public hosts while no service answers there.
    std::function<void(const EnvironmentId&)> refresh_pages{};
    std::unique_ptr<Metrics> metrics = std::make_unique<Metrics>();
    /// What work failed with, as long as it is tried again: it would otherwise stand in the log alone.
    std::unique_ptr<LastWords> troubles = std::make_unique<LastWords>();
    /// Why pull requests get no preview, where that was told: each poll would tell it again.
    std::unique_ptr<LastWords> refusals = std::make_unique<LastWords>();
};

/// How people reach the public hosts of an environment.
PublicAddress public_address_of(const App& app, const DesiredEnvironment& desired);

}  // namespace ramet::app
