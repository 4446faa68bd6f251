#pragma once

#include "targets/kubernetes/render.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

namespace ramet::targets::kubernetes {

// A shop as it is wanted, and what it renders to.

inline DesiredService make_service(std::string name, std::optional<int> port)
{
    DesiredService service;
    service.name = name;
    service.declared.name = name;
    service.declared.image = "registry.example.com/shop/" + name + ":1f0c5a2";
    service.declared.port = port;
    return service;
}

/// One for each moment that a cluster treats in its own way.
inline std::vector<DesiredJob> jobs_of_shop(const std::string& image, const SecretReference& password)
{
    DesiredJob migrate;
    migrate.name = migrate.declared.name = "migrate";
    migrate.declared.image = image;
    migrate.declared.run = ProjectCommand(std::string("./api migrate"));
    migrate.env = {{"DATABASE_URL", {"postgres://db:", password, "@", OutputReference{"database/db", "host"}, "/db"}}};
    auto smoke = migrate;
    smoke.name = smoke.declared.name = "smoke";
    smoke.declared.when = JobMoment::after_ready;
    smoke.declared.required = false;
    smoke.env.clear();
    auto seed = smoke;
    seed.name = seed.declared.name = "seed";
    seed.declared.when = JobMoment::seed;
    seed.declared.required = true;
    auto nightly = migrate;
    nightly.name = nightly.declared.name = "nightly";
    nightly.declared.when = JobMoment::cron;
    nightly.declared.cron = "0 3 * * *";
    return {migrate, smoke, seed, nightly};
}

/// web → api, a worker made from api.
inline DesiredEnvironment shop()
{
    DesiredEnvironment desired;
    desired.id = EnvironmentId("env-1");
    desired.project_name = "shop";
    desired.name = "pr-42";
    desired.origin = EnvironmentOrigin::preview;

    auto web = make_service("web", 3000);
    web.declared.needs = {{"api", Need::healthy}};
    web.declared.health = HealthCheck{.http_path = "/healthz", .timeout = Milliseconds(30'500)};
    web.env = {{"API_INTERNAL",
                {"http://", OutputReference{"service/api", "host"}, ":", OutputReference{"service/api", "port"}}},
               {"LOG_LEVEL", {"info"}}};
    auto api = make_service("api", 8080);
    api.declared.run = ProjectCommand(std::string("./api --listen $HOST:$PORT"));
    api.declared.resources = {.cpu_millis = 500, .memory_bytes = std::int64_t{512} << 20};
    api.declared.replicas = 2;
    api.env = {{"KEY", {SecretReference{"secret-key", 2, "key"}}},
               {"URL", {"https://user:", SecretReference{"secret-password", 1, ""}, "@example.com"}}};
    auto worker = make_service("worker", std::nullopt);
    worker.declared.run = ProjectCommand(std::vector<std::string>{"./worker", "--verbose"});
    worker.declared.strategy = Strategy::recreate;
    worker.restarts_asked = 1;
    worker.declared.volumes = {{"uploads", "/data", std::int64_t{2} << 30}};
    web.public_hosts = {"web-pr-42.preview.example.com"};
    desired.services = {web, api, worker};

    DesiredDatabase db;
    db.name = db.declared.name = "db";
    db.declared.storage_bytes = std::int64_t{5} << 30;
    db.strategy = DataStrategy::seed;
    db.role = "db";
    db.database_name = "db";
    db.password = SecretReference{"secret-db", 1, "db password"};
    DesiredDatabase cache;
    cache.name = cache.declared.name = "cache";
    cache.declared.type = DatabaseType::redis;
    cache.strategy = DataStrategy::empty;
    cache.password = SecretReference{"secret-cache", 1, "cache password"};
    desired.databases = {db, cache};

    desired.jobs = jobs_of_shop(api.declared.image, db.password);
    return desired;
}

inline const TargetOptions options{"eks-eu", "nginx", "registry.example.com", "gp3"};

inline Json to_json(const engine::Graph& graph)
{
    json::array nodes;
    for (const auto& node : graph.nodes)
        nodes.push_back(json::object{{"path", node.path},
                                     {"kind", node.kind},
                                     {"needs", json::value_from(node.needs)},
                                     {"outputs", json::value_from(node.outputs)},
                                     {"spec", node.spec}});
    return nodes;
}

inline const engine::Node& find(const engine::Graph& graph, std::string_view path)
{
    const auto at = std::ranges::find(graph.nodes, path, &engine::Node::path);
    if (at == graph.nodes.end()) FAIL("no node " << path);
    return *at;
}

inline const Json& object_of(const engine::Graph& graph, std::string_view path)
{
    return get_member(find(graph, path).spec, "object");
}

inline const Json& at(const Json& value, std::string_view pointer)
{
    return value.at_pointer(pointer);
}

inline engine::Graph render(const DesiredEnvironment& desired)
{
    auto graph = render_environment(desired, options);
    if (!graph) FAIL(graph.error().message);
    return *std::move(graph);
}

}  // namespace ramet::targets::kubernetes
