#pragma once

#include "app/context.hpp"
#include "app/environments.hpp"
#include "app/projects.hpp"
#include "app/step_events.hpp"
#include "engine/thread_scheduler.hpp"
#include "fakes/house_attacher.hpp"
#include "fakes/house_target.hpp"
#include "fakes/memory_git.hpp"
#include "fakes/memory_gitea.hpp"
#include "support/temporary.hpp"

#include <doctest/doctest.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace ramet::app::testing {

inline constexpr Milliseconds patience{20'000};

/// Runs on by itself, and jumps when a test says so. Jump only while nothing runs: deadlines are wall time.
class HouseClock final : public Clock {
public:
    Time now() override { return system_.now() + Milliseconds(ahead_.load()); }
    Milliseconds monotonic() override { return system_.monotonic(); }
    void jump(Milliseconds by) { ahead_ += by.count(); }

private:
    SystemClock system_;
    std::atomic<std::int64_t> ahead_ = 0;
};

/// What differs between the project files of tests.
struct ShopFile {
    std::string data = "{strategy: seed}";  ///< previews.data.db
    std::string limits = "min_free_disk: 1Mi";
    std::string previews{};      ///< more lines of `previews:`, indented by two
    std::string environments{};  ///< more lines of `environments:`, indented by two
    std::string api_env{};       ///< more lines of api's `env:`, indented by six
    std::string vars = "LOG_LEVEL: info";
};
/// ramet.yaml of a shop: web ← api ← db; previews branch from staging, which follows main.
std::string shop_text(const ShopFile& file = {});

/// Every use case on real stores and a real engine; the machine, Git and the Git host are in memory. Work is done by threads as in
/// the daemon, but nothing is polled: `reconcile_all` is the test's to call.
struct AppHouse {
    ramet::testing::TemporaryDirectory directory;
    HouseClock clock;
    SystemRandom random;
    fakes::MemoryRepository repository;
    fakes::MemoryGit git{repository};
    fakes::MemoryGitea gitea{repository};
    secrets::Redactor redactor;
    std::unique_ptr<storage::Database> database;
    std::unique_ptr<secrets::FileKeys> keys;
    std::unique_ptr<storage::Stores> stores;
    data::GoldenCatalog goldens{data::StorePaths{directory.path()}};
    fakes::MemoryDriver driver;
    fakes::HouseDriver house_driver{driver, goldens, clock};
    engine::Drivers drivers;
    fakes::HouseTarget target;
    fakes::HouseInspector inspector;
    fakes::HouseAttacher attacher;
    std::unique_ptr<ForgeConnections> forges;
    StepEvents step_events;
    std::unique_ptr<engine::ThreadScheduler> scheduler;
    std::unique_ptr<engine::Engine> engine;
    std::unique_ptr<WorkQueue> work;
    std::unique_ptr<App> app;

    const Caller admin{"root", Role::admin, {}};

    AppHouse();
    ~AppHouse() { stop(); }

    /// Commits the file to main, connects the repository and waits for staging.
    void connect(const std::string& file = shop_text());
    /// Ends the process without a goodbye to what waits, and starts another on the same records.
    void restart();
    void stop();

    storage::Project project();
    Path key_folder() const { return directory / "keys"; }
    std::optional<Environment> find(const std::string& name);
    Environment row(const std::string& name);
    EnvironmentView view(const std::string& name);
    std::vector<engine::RunView> runs(const std::string& name);
    DesiredEnvironment desired(const std::string& name);
    EnvironmentName name_of(const std::string& name) const { return {"shop", name}; }
    std::string state_of(const std::string& name);

    /// As after a webhook for the pull request, in this thread.
    Result<void> look_at(std::int64_t number);
    /// A pull request on a branch of its own that changes one service, looked at.
    std::int64_t open(const std::string& branch, const fakes::Files& files = {{"web/main.c", "changed"}},
                      const std::string& author = "alice");
    /// The same, waited for.
    std::int64_t open_ready(const std::string& branch);

    template <typename Condition>
    void until(const Condition& condition)
    {
        REQUIRE(ramet::testing::wait_until(condition, patience));
    }
    void until_state(const std::string& name, EnvironmentState state);
    void until_gone(const std::string& name);
    /// The one comment of the pull request says this.
    void until_comment(std::int64_t number, const std::string& words);
    /// Actions in the audit log, oldest first: "preview.create pr-1".
    std::vector<std::string> audited();

private:
    void start();
};

/// The value, or the end of the test with the error's words.
template <typename T>
T must(Result<T> result)
{
    if (!result) FAIL(result.error().message << "\n" << result.error().evidence);
    if constexpr (!std::is_void_v<T>) return std::move(*result);
}

}  // namespace ramet::app::testing
