#include "targets/local/render.hpp"

#include "base/file.hpp"
#include "engine/graph.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>
#include <functional>

using namespace ramet;
using namespace ramet::targets::local;

namespace {

DesiredService make_service(std::string name, std::string hash, std::optional<int> port)
{
    DesiredService service;
    service.name = name;
    service.declared.name = std::move(name);
    service.declared.build = Build{.context = "apps/" + service.name, .command = ProjectCommand(std::string("make"))};
    service.declared.run = ProjectCommand(std::vector<std::string>{"./serve"});
    service.declared.port = port;
    service.input_hash = std::move(hash);
    return service;
}

DesiredDatabase make_database(std::string name, DatabaseType type, DataStrategy strategy)
{
    DesiredDatabase database;
    database.name = name;
    database.strategy = strategy;
    database.role = "shop";
    database.database_name = "shop";
    database.password = {"secret-" + name, 2, name + "-password"};
    database.declared.name = std::move(name);
    database.declared.type = type;
    return database;
}

DesiredJob make_job(std::string name, JobMoment when)
{
    DesiredJob job;
    job.name = name;
    job.input_hash = "aaaa";
    job.declared.name = std::move(name);
    job.declared.when = when;
    job.declared.build = Build{.context = "apps/api", .command = ProjectCommand(std::string("make"))};
    job.declared.run = ProjectCommand(std::string("./api " + job.name));
    return job;
}

/// web → api → PostgreSQL and Redis, a worker made from api, a job at each moment.
DesiredEnvironment shop()
{
    DesiredEnvironment desired;
    desired.id = EnvironmentId("env-1");
    desired.project_name = "shop";
    desired.name = "pr-42";
    desired.origin = EnvironmentOrigin::preview;
    desired.generation = 3;
    desired.repository_url = "http://git.example.com/acme/shop.git";
    desired.commit = CommitSha("1f0c5a2b1f0c5a2b1f0c5a2b1f0c5a2b1f0c5a2b");

    auto web = make_service("web", "bbbb", 3000);
    web.declared.needs = {{"api", Need::healthy}};
    web.declared.health = HealthCheck{.http_path = "/healthz", .timeout = Milliseconds(30'000)};
    web.declared.paths = {"packages/ui/**"};
    web.public_hosts = {"web-pr-42.localhost"};
    web.env = {{"API_INTERNAL",
                {"http://", OutputReference{"service/api", "host"}, ":", OutputReference{"service/api", "port"}}},
               {"LOG_LEVEL", {"info"}}};
    auto api = make_service("api", "aaaa", 8080);
    api.declared.needs = {{"db", Need::healthy}, {"cache", Need::healthy}, {"migrate", Need::completed}};
    api.env = {
        {"PASSWORD", {SecretReference{"secret-db", 2, "db-password"}}},
        {"DATABASE_URL",
         {"postgres://shop:", SecretReference{"secret-db", 2, ""}, "@", OutputReference{"database/db", "host"}}}};
    auto worker = make_service("worker", "aaaa", std::nullopt);
    worker.declared.from = "api";
    worker.declared.replicas = 2;
    worker.declared.strategy = Strategy::recreate;
    desired.services = {web, api, worker};
    desired.databases = {make_database("db", DatabaseType::postgres, DataStrategy::clone),
                         make_database("cache", DatabaseType::redis, DataStrategy::empty)};
    desired.databases[0].golden = GoldenId("golden-7");
    for (const auto& [name, when] : {std::pair{"migrate", JobMoment::before_start},
                                     {"seed", JobMoment::seed},
                                     {"welcome", JobMoment::after_create},
                                     {"smoke", JobMoment::after_ready},
                                     {"farewell", JobMoment::before_delete}})
        desired.jobs.push_back(make_job(name, when));
    desired.jobs[3].declared.required = false;
    return desired;
}

Json to_json(const engine::Graph& graph)
{
    json::array nodes;
    for (const auto& node : graph.nodes) {
        json::array needs, outputs;
        for (const auto& need : node.needs) needs.push_back(json::string(need));
        for (const auto& output : node.outputs) outputs.push_back(json::string(output));
        nodes.push_back(json::object{
            {"path", node.path}, {"kind", node.kind}, {"needs", needs}, {"outputs", outputs}, {"spec", node.spec}});
    }
    return nodes;
}

const engine::Node* find(const engine::Graph& graph, std::string_view path)
{
    const auto at = std::ranges::find(graph.nodes, path, &engine::Node::path);
    return at == graph.nodes.end() ? nullptr : &*at;
}

bool needs(const engine::Graph& graph, std::string_view path, std::string_view other)
{
    const auto* node = find(graph, path);
    return node != nullptr && std::ranges::find(node->needs, other) != node->needs.end();
}

}  // namespace

TEST_CASE("environments render to the graphs that are on record (RAMET_ACCEPT=1 records them anew)")
{
    struct Case {
        std::string story;
        std::function<void(DesiredEnvironment&)> change;
    };
    const Case cases[] = {
        {"shop_preview", [](auto&) {}},
        {"shop_base", [](auto& desired) { desired.origin = EnvironmentOrigin::managed; }},
        {"shop_seeded", [](auto& desired) { desired.databases[0].strategy = DataStrategy::seed; }},
        {"shop_shared_database",
         [](auto& desired) {
             desired.databases[0].strategy = DataStrategy::shared;
             desired.services[1].env.clear();
         }},
        {"shop_asleep", [](auto& desired) { desired.power = Power::off; }},
        {"one_service_as_it_is",
         [](auto& desired) {
             desired.services.resize(1);
             desired.services[0] = make_service("web", "", std::nullopt);
             desired.databases.clear();
             desired.jobs.clear();
         }},
    };
    for (const auto& [story, change] : cases) {
        CAPTURE(story);
        auto desired = shop();
        change(desired);
        const auto graph = render_environment(desired);
        REQUIRE_MESSAGE(graph.has_value(), graph.error().message);
        const auto checked = engine::check_graph(*graph);
        CHECK_MESSAGE(checked.has_value(), (checked ? "" : checked.error().message));
        const Path file = Path(RAMET_TEST_DATA) / "local_render" / (story + ".json");
        const auto text = to_pretty_text(to_json(*graph)) + "\n";
        if (std::getenv("RAMET_ACCEPT") != nullptr) REQUIRE(write_file(file, text, 0644).has_value());
        CHECK(read_file(file).value_or("") == text);
        CHECK(to_pretty_text(to_json(*render_environment(desired))) + "\n" == text);
    }
}

TEST_CASE("no plaintext and no commit reaches what decides whether a service is started anew")
{
    auto desired = shop();
    const auto before = *render_environment(desired);
    desired.commit = CommitSha("2f0c5a2b1f0c5a2b1f0c5a2b1f0c5a2b1f0c5a2b");
    desired.generation = 4;
    const auto after = *render_environment(desired);
    for (const auto* path : {"service/web", "service/api", "service/worker", "job/migrate", "job/welcome"}) {
        CAPTURE(path);
        CHECK(find(before, path)->spec == find(after, path)->spec);
    }
    CHECK(find(before, "job/smoke")->spec != find(after, "job/smoke")->spec);
}

TEST_CASE("things wait for what they need, and for nothing else")
{
    const auto graph = *render_environment(shop());
    struct Case {
        std::string_view path, other;
        bool want;
    };
    const Case cases[] = {
        {"service/web", "service/api", true},    {"service/web", "database/db", false},
        {"service/api", "database/db", true},    {"service/api", "job/migrate", true},
        {"service/worker", "job/migrate", true}, {"job/migrate", "database/cache", true},
        {"service/web", "address/api", true},    {"service/api", "service/web", false},
        {"address/web", "home", true},           {"job/welcome", "service/worker", true},
        {"job/smoke", "job/welcome", true},      {"route/web/web-pr-42.localhost", "service/web", true},
        {"service/worker", "build/api", true},   {"job/migrate", "build/api", true},
        {"service/web", "build/web", true},      {"build/web", "home", false},
    };
    for (const auto& [path, other, want] : cases) {
        CAPTURE(path);
        CAPTURE(other);
        CHECK(needs(graph, path, other) == want);
    }
    CHECK(find(graph, "job/seed") == nullptr);
    CHECK(find(graph, "job/farewell") == nullptr);
    CHECK(find(graph, "build/worker") == nullptr);
}

TEST_CASE("a job before the start that needs a service does not make that service wait for it")
{
    auto desired = shop();
    desired.jobs[0].declared.needs = {{"api", Need::healthy}};
    desired.services[1].declared.needs.erase("migrate");
    const auto graph = *render_environment(desired);
    // A job is rendered before the services it names, so it waits for the address that is held from the start.
    CHECK_FALSE(needs(graph, "service/api", "job/migrate"));
    CHECK(needs(graph, "service/worker", "job/migrate"));
    CHECK(engine::check_graph(graph).has_value());
}

TEST_CASE("what is asked for again by people is another version")
{
    auto desired = shop();
    const auto before = *render_environment(desired);
    desired.services[1].restarts_asked = 1;
    const auto after = *render_environment(desired);
    CHECK(find(before, "service/api")->spec != find(after, "service/api")->spec);
    CHECK(find(before, "service/web")->spec == find(after, "service/web")->spec);
}

TEST_CASE("jobs before the end are a graph of their own, on top of what runs")
{
    const auto graph = *render_last_jobs(shop());
    REQUIRE(find(graph, "job/farewell") != nullptr);
    CHECK(needs(graph, "job/farewell", "service/api"));
    CHECK(engine::check_graph(graph).has_value());
    auto without = shop();
    std::erase_if(without.jobs, [](const auto& job) { return job.declared.when == JobMoment::before_delete; });
    CHECK(render_last_jobs(without)->nodes.empty());
}

TEST_CASE("what this machine does not serve is refused by name")
{
    struct Case {
        std::string_view story, message;
        std::function<void(DesiredEnvironment&)> change;
    };
    const Case cases[] = {
        {"MySQL", "databases.db: mysql",
         [](auto& desired) { desired.databases[0].declared.type = DatabaseType::mysql; }},
        {"MariaDB", "databases.cache: mariadb",
         [](auto& desired) { desired.databases[1].declared.type = DatabaseType::mariadb; }},
        {"a managed database", "databases.db: `mode: managed`",
         [](auto& desired) { desired.databases[0].declared.mode = DatabaseMode::managed; }},
        {"a service that only has an image", "web has no `run`",
         [](auto& desired) { desired.services[0].declared.run.reset(); }},
        {"a job without a command", "migrate has no `run`",
         [](auto& desired) { desired.jobs[0].declared.run.reset(); }},
    };
    for (const auto& [story, message, change] : cases) {
        CAPTURE(story);
        auto desired = shop();
        change(desired);
        const auto graph = render_environment(desired);
        REQUIRE_FALSE(graph.has_value());
        CHECK(graph.error().kind == ErrorKind::refused);
        CHECK_MESSAGE(graph.error().message.contains(message), graph.error().message);
    }
}
