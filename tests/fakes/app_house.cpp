#include "fakes/app_house.hpp"

#include "app/maintenance.hpp"
#include "app/preparation.hpp"
#include "app/previews.hpp"
#include "app/runs.hpp"
#include "app/work.hpp"
#include "storage/key_file.hpp"
#include "targets/local/postgres/golden_spec.hpp"
#include "targets/local/postgres/snapshot_spec.hpp"

namespace ramet::app::testing {

namespace {

constexpr std::size_t work_threads = 3;

}  // namespace

std::string shop_text(const ShopFile& file)
{
    return "version: 1\nproject: shop\nvars:\n  " + file.vars + R"(
services:
  web:
    build: {context: web, command: [make]}
    run: [./web]
    port: 3000
    public: true
    needs: {api: healthy}
    env:
      API: "${services.api.url}"
  api:
    build: {context: api, command: [make]}
    run: [./api]
    port: 8080
    needs: {db: healthy}
    env:
      DATABASE_URL: "${databases.db.url}"
)" + file.api_env +
           R"(
databases:
  db: {type: postgres, version: "15"}
environments:
  staging: {branch: main, target: here}
)" + file.environments +
           "\npreviews:\n  base: staging\n  target: here\n  data:\n    db: " + file.data + "\n  limits: {" +
           file.limits + "}\n" + file.previews + "\n";
}

AppHouse::AppHouse()
{
    database = must(storage::Database::open(directory / "state"));
    must(ensure_directory(key_folder()));
    keys = must(storage::ensure_key_file(*database, key_folder() / "keys"));
    const auto installation = must(storage::Settings(*database).ensure_installation(random, clock.now()));
    stores = std::make_unique<storage::Stores>(*database, storage::Secrets::Parts{installation.id, *keys, redactor});
    drivers = {{std::string(fakes::thing_kind), &house_driver},
               {std::string(targets::postgres::golden_kind), &house_driver},
               {std::string(targets::postgres::snapshot_kind), &house_driver}};
    start();
}

void AppHouse::start()
{
    forges = std::make_unique<ForgeConnections>(gitea, stores->secrets);
    scheduler = std::make_unique<engine::ThreadScheduler>(clock);
    engine::EngineOptions options{.install = "install-1"};
    options.budgets.first_delay = Milliseconds{2};
    options.budgets.longest_delay = Milliseconds{10};
    options.observer = [this](const engine::Change& change) {
        step_events.add(change);
        work->add(std::string(events_key));
        follow_change(*app, change);
    };
    engine = std::make_unique<engine::Engine>(engine::World{clock, random, stores->runs, drivers, *scheduler},
                                              std::move(options));
    work = std::make_unique<WorkQueue>(clock, work_threads, [this](const std::string& key) { work_on(*app, key); });
    Settings settings{.install = "install-1",
                      .data_directory = directory.path(),
                      .proxy_port = 8080,
                      .public_url = "http://ramet.test"};
    settings.reconcile_every = std::chrono::hours(1);
    app = std::make_unique<App>(App{settings, clock, random, *database, *stores, *keys, redactor, *engine, target,
                                    inspector, attacher, goldens, git, *forges, step_events, *work});
    must(engine->recover());
}

void AppHouse::stop()
{
    if (work) work->stop();
    if (engine) engine->stop();
}

void AppHouse::restart()
{
    stop();
    app.reset();
    engine.reset();
    scheduler.reset();
    work.reset();
    start();
    work->add(std::string(everything_key));
}

void AppHouse::connect(const std::string& file)
{
    repository.push("main", {{"ramet.yaml", file}, {"web/main.c", "web 1"}, {"api/main.c", "api 1"}});
    must(connect_repository(
        *app, admin,
        {.forge = "gitea", .url = "http://git.test", .repository = "acme/shop", .token = SecretBytes("forge-token")}));
    until_state("staging", EnvironmentState::ready);
}

storage::Project AppHouse::project()
{
    return must(stores->projects.find_by_name("shop")).value();
}

std::optional<Environment> AppHouse::find(const std::string& name)
{
    return must(stores->environments.find_by_name(project().id, name));
}

Environment AppHouse::row(const std::string& name)
{
    auto found = find(name);
    REQUIRE_MESSAGE(found.has_value(), name);
    return *found;
}

EnvironmentView AppHouse::view(const std::string& name)
{
    return must(get_environment(*app, admin, name_of(name)));
}

std::vector<engine::RunView> AppHouse::runs(const std::string& name)
{
    return must(list_runs(*app, admin, name_of(name)));
}

DesiredEnvironment AppHouse::desired(const std::string& name)
{
    return must(load_desired(*app, row(name).id)).value();
}

std::string AppHouse::state_of(const std::string& name)
{
    const auto found = find(name);
    return found ? std::string(to_string(found->state)) + ": " + found->reason : "gone";
}

Result<void> AppHouse::look_at(std::int64_t number)
{
    const auto id = project().id;
    return work->run_exclusive(pull_request_key(id, number), [&] { return reconcile_pull_request(*app, id, number); });
}

std::int64_t AppHouse::open(const std::string& branch, const fakes::Files& files, const std::string& author)
{
    repository.push(branch, files);
    const auto number = repository.open(branch, author);
    must(look_at(number));
    return number;
}

std::int64_t AppHouse::open_ready(const std::string& branch)
{
    const auto number = open(branch);
    until_state("pr-" + std::to_string(number), EnvironmentState::ready);
    return number;
}

void AppHouse::until_state(const std::string& name, EnvironmentState state)
{
    const bool is_reached = ramet::testing::wait_until(
        [&] {
            const auto found = find(name);
            return found && found->state == state;
        },
        patience);
    REQUIRE_MESSAGE(is_reached, name << " is " << state_of(name) << " and never " << to_string(state));
}

void AppHouse::until_gone(const std::string& name)
{
    const bool is_gone = ramet::testing::wait_until([&] { return !find(name); }, patience);
    REQUIRE_MESSAGE(is_gone, name << " is " << state_of(name));
}

void AppHouse::until_comment(std::int64_t number, const std::string& words)
{
    const auto says = [&] {
        const auto comments = gitea.comments(number);
        return !comments.empty() && comments.front().find(words) != std::string::npos;
    };
    const bool is_said = ramet::testing::wait_until(says, patience);
    REQUIRE_MESSAGE(is_said, words << " is not in the comment");
    CHECK(gitea.comments(number).size() == 1);
}

std::vector<std::string> AppHouse::audited()
{
    std::vector<std::string> lines;
    for (const auto& entry : must(list_audit(*app, admin, 0, 1000)))
        lines.push_back(entry.action + " " + entry.subject);
    return lines;
}

}  // namespace ramet::app::testing
