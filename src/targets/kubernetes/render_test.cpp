#include "targets/kubernetes/render.hpp"

#include "base/file.hpp"
#include "targets/kubernetes/objects.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>
#include <functional>

namespace ramet::targets::kubernetes {

namespace {

DesiredService make_service(std::string name, std::optional<int> port)
{
    DesiredService service;
    service.name = name;
    service.declared.name = name;
    service.declared.image = "registry.example.com/shop/" + name + ":1f0c5a2";
    service.declared.port = port;
    return service;
}

/// web → api, a worker made from api.
DesiredEnvironment shop()
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

    DesiredJob migrate;
    migrate.name = migrate.declared.name = "migrate";
    migrate.declared.image = api.declared.image;
    migrate.declared.run = ProjectCommand(std::string("./api migrate"));
    migrate.env = {
        {"DATABASE_URL", {"postgres://db:", db.password, "@", OutputReference{"database/db", "host"}, "/db"}}};
    auto smoke = migrate;
    smoke.name = smoke.declared.name = "smoke";
    smoke.declared.when = JobMoment::after_ready;
    smoke.declared.required = false;
    smoke.env.clear();
    auto seed = smoke;
    seed.name = seed.declared.name = "seed";
    seed.declared.when = JobMoment::seed;
    seed.declared.required = true;
    desired.jobs = {migrate, smoke, seed};
    return desired;
}

const TargetOptions options{"eks-eu", "nginx", "registry.example.com", "gp3"};

Json to_json(const engine::Graph& graph)
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

const engine::Node& find(const engine::Graph& graph, std::string_view path)
{
    const auto at = std::ranges::find(graph.nodes, path, &engine::Node::path);
    if (at == graph.nodes.end()) FAIL("no node " << path);
    return *at;
}

const Json& object_of(const engine::Graph& graph, std::string_view path)
{
    return get_member(find(graph, path).spec, "object");
}

const Json& at(const Json& value, std::string_view pointer)
{
    return value.at_pointer(pointer);
}

engine::Graph render(const DesiredEnvironment& desired)
{
    auto graph = render_environment(desired, options);
    if (!graph) FAIL(graph.error().message);
    return *std::move(graph);
}

}  // namespace

TEST_CASE("an environment on a cluster renders to the graph that is on record (RAMET_ACCEPT=1 records it anew)")
{
    const auto graph = render(shop());
    const auto checked = engine::check_graph(graph);
    CHECK_MESSAGE(checked.has_value(), (checked ? "" : checked.error().message));
    const Path file = Path(RAMET_TEST_DATA) / "kubernetes_render" / "shop_preview.json";
    const auto text = to_pretty_text(to_json(graph)) + "\n";
    if (std::getenv("RAMET_ACCEPT") != nullptr) REQUIRE(write_file(file, text, 0644));
    CHECK(read_file(file).value_or("") == text);
    CHECK(to_pretty_text(to_json(render(shop()))) + "\n" == text);
}

TEST_CASE("a registry that wants a login gets it from the node, and no pod can read it")
{
    auto desired = shop();
    desired.registry_login = SecretReference{"secret-login", 4, "registry"};
    const auto graph = render(desired);
    const auto& secret = object_of(graph, "registry-login");
    CHECK(at(secret, "/type") == "kubernetes.io/dockerconfigjson");
    const auto& login = at(secret, "/stringData/.dockerconfigjson/$registry_login");
    CHECK(at(login, "/host") == "registry.example.com");
    CHECK(at(login, "/secret") == at(find(graph, "image/web").spec, "/login"));
    CHECK(at(login, "/secret/version") == 4);
    for (const auto* path : {"service/web", "service/worker", "job/migrate", "database/db", "database/cache"}) {
        CAPTURE(path);
        const auto& pod = at(object_of(graph, path), "/spec/template/spec");
        CHECK(at(pod, "/imagePullSecrets/0/name") == at(secret, "/metadata/name"));
        CHECK(std::ranges::count(find(graph, path).needs, "registry-login") == 1);
        CHECK_FALSE(to_text(at(pod, "/containers")).contains("ramet-registry"));
    }
    // A new password is no reason to start anything again.
    auto later = desired;
    later.registry_login.version = 5;
    const auto again = render(later);
    CHECK(object_of(again, "service/web") == object_of(graph, "service/web"));
    CHECK(find(again, "job/migrate").spec == find(graph, "job/migrate").spec);
    CHECK(object_of(again, "registry-login") != secret);
}

TEST_CASE("every pod keeps to the restricted profile and has no account to speak with")
{
    const auto graph = render(shop());
    for (const auto* path :
         {"service/web", "service/api", "service/worker", "database/db", "database/cache", "job/migrate", "job/seed"}) {
        CAPTURE(path);
        const auto& pod = at(object_of(graph, path), "/spec/template/spec");
        CHECK(at(pod, "/automountServiceAccountToken") == false);
        CHECK(at(pod, "/enableServiceLinks") == false);
        CHECK(at(pod, "/securityContext/runAsNonRoot") == true);
        CHECK(at(pod, "/securityContext/seccompProfile/type") == "RuntimeDefault");
        CHECK(at(pod, "/containers/0/securityContext/allowPrivilegeEscalation") == false);
        CHECK(at(pod, "/containers/0/securityContext/capabilities/drop/0") == "ALL");
        CHECK(at(pod, "/containers/0/resources/limits/memory").is_string());
    }
    CHECK(at(object_of(graph, "namespace"), "/metadata/labels/pod-security.kubernetes.io~1enforce") == "restricted");
}

TEST_CASE("no pod stands before the rules of its network and its limits do")
{
    const auto graph = render(shop());
    for (const auto* path : {"service/web", "service/worker", "database/db", "database/cache", "job/migrate"})
        for (const auto* guard :
             {"policy/deny", "policy/inside", "policy/dns", "policy/internet", "limit/quota", "limit/range"}) {
            CAPTURE(guard);
            CHECK(std::ranges::count(find(graph, path).needs, guard) == 1);
        }
}

TEST_CASE("what leaves an environment goes to the internet: not to private networks, nor to a cloud's metadata")
{
    const auto exceptions = to_text(at(object_of(render(shop()), "policy/internet"), "/spec/egress/0/to"));
    for (const auto* network :
         {"10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "fc00::/7", "fe80::/10"}) {
        CAPTURE(network);
        CHECK(exceptions.contains(network));
    }
}

TEST_CASE("a secret stands in a Secret only, as identity and version; another version is another pod")
{
    auto desired = shop();
    const auto graph = render(desired);
    CHECK(to_text(at(object_of(graph, "secret/api"), "/stringData/KEY")) == R"({"$secret":"secret-key","version":2})");
    const auto deployment = to_text(object_of(graph, "service/api"));
    CHECK_FALSE(deployment.contains("$secret"));
    CHECK(deployment.contains(R"({"secretKeyRef":{"name":"api","key":"KEY"}})"));
    desired.services[1].env[0].value = {SecretReference{"secret-key", 3, "key"}};
    CHECK(at(object_of(render(desired), "service/api"), "/spec/template/metadata/annotations") !=
          at(object_of(graph, "service/api"), "/spec/template/metadata/annotations"));
}

TEST_CASE("a value finds what it refers to by its name, and says what is not there")
{
    auto desired = shop();
    CHECK(to_text(object_of(render(desired), "service/web")).contains("http://api:8080"));
    desired.services[0].env = {{"X", {OutputReference{"service/absent", "host"}}}};
    const auto absent = render_environment(desired, options);
    REQUIRE_FALSE(absent);
    CHECK(absent.error().kind == ErrorKind::invalid);
    CHECK(absent.error().message.contains("variable X"));
    CHECK(absent.error().message.contains("service/absent"));
}

TEST_CASE("what a cluster does not serve is refused by name")
{
    struct Row {
        std::string_view words;
        std::function<void(DesiredService&)> change;
    };
    for (const auto& [words, change] : std::initializer_list<Row>{
             {"`share`", [](auto& service) { service.treatment = Treatment::shared; }},
             {"`helm`", [](auto& service) { service.declared.is_helm = true; }},
             {"`manifests`", [](auto& service) { service.declared.is_manifests = true; }},
             {"`volumes`", [](auto& service) { service.declared.volumes = {{.name = "data", .path = "/data"}}; }},
             {"`build`", [](auto& service) { service.declared.image.clear(); }}}) {
        CAPTURE(words);
        auto desired = shop();
        change(desired.services[0]);
        const auto refused = render_environment(desired, options);
        REQUIRE_FALSE(refused);
        CHECK(refused.error().kind == ErrorKind::refused);
        CHECK(refused.error().message.starts_with("services.web: "));
        CHECK(refused.error().message.contains(words));
    }
}

TEST_CASE("a database is a claim, whose name another incarnation does not have, and a role that is no superuser")
{
    auto desired = shop();
    const auto graph = render(desired);
    CHECK(at(object_of(graph, "data/db"), "/metadata/generateName") == "db-");
    CHECK(at(object_of(graph, "data/db"), "/spec/resources/requests/storage") == "5Gi");
    CHECK(at(object_of(graph, "data/db"), "/spec/storageClassName") == "gp3");
    const auto& volume = at(object_of(graph, "database/db"), "/spec/template/spec/volumes/0");
    CHECK(to_text(at(volume, "/persistentVolumeClaim/claimName")) == R"({"$out":["data/db","name"]})");
    const json::object password{{"$secret", "secret-db"}, {"version", 1}};
    CHECK(at(object_of(graph, "secret/db"), "/stringData/PASSWORD") == Json(password));
    for (const auto* path : {"database/db", "database/cache", "settings/db"})
        CHECK_FALSE(to_text(object_of(graph, path)).contains("$secret"));
    desired.databases[0].incarnation = 2;
    CHECK(find(render(desired), "data/db").spec != find(graph, "data/db").spec);
}

TEST_CASE("a job is done once per what its moment says, and waits for what that comes after")
{
    const auto once = [](const DesiredEnvironment& desired, std::string_view path) {
        return at(find(render(desired), path).spec, "/once");
    };
    const auto first = shop();
    auto next = first;
    next.generation = 7;
    CHECK(once(next, "job/migrate") == once(first, "job/migrate"));
    CHECK(once(next, "job/seed") == once(first, "job/seed"));
    CHECK(once(next, "job/smoke") != once(first, "job/smoke"));
    next.jobs[0].env.push_back({"MORE", {"x"}});
    CHECK(once(next, "job/migrate") != once(first, "job/migrate"));

    const auto needs = [&](std::string_view path, std::string_view need) {
        const auto graph = render(first);
        return std::ranges::count(find(graph, path).needs, need) == 1;
    };
    CHECK(needs("job/migrate", "database/db"));
    CHECK(needs("job/seed", "job/migrate"));
    CHECK(needs("service/api", "job/migrate"));
    CHECK(needs("service/api", "job/seed"));
    CHECK_FALSE(needs("service/api", "job/smoke"));
    CHECK(needs("job/smoke", "service/web"));
    CHECK(at(find(render(first), "job/smoke").spec, "/required") == false);
}

TEST_CASE("what runs before everything is removed is rendered beside what stands")
{
    auto desired = shop();
    CHECK(render_last_jobs(desired, options)->nodes.empty());
    desired.jobs[1].declared.when = JobMoment::before_delete;
    const auto graph = render_last_jobs(desired, options);
    REQUIRE(graph);
    CHECK(engine::check_graph(*graph));
    CHECK(std::ranges::count(find(*graph, "job/smoke").needs, "service/web") == 1);
}

TEST_CASE("a seed fills only what is born empty for it")
{
    auto desired = shop();
    desired.databases[0].strategy = DataStrategy::empty;
    const auto graph = render(desired);
    CHECK(std::ranges::none_of(graph.nodes, [](const auto& node) { return node.path == "job/seed"; }));
}

TEST_CASE("programs of one image run one digest")
{
    const auto graph = render(shop());
    CHECK(std::ranges::count(graph.nodes, std::string("kubernetes.image"), &engine::Node::kind) == 3);
    CHECK(at(object_of(graph, "job/migrate"), "/spec/template/spec/containers/0/image") ==
          at(object_of(graph, "service/api"), "/spec/template/spec/containers/0/image"));
}

TEST_CASE("what is public is reached from outside at its port, and by no other environment")
{
    const auto graph = render(shop());
    const auto& policy = object_of(graph, "policy/public/web");
    CHECK(to_text(at(policy, "/spec/ingress/0/from")) ==
          R"([{"namespaceSelector":{"matchExpressions":[{"key":"ramet.dev/install","operator":"DoesNotExist"}]}}])");
    CHECK(at(policy, "/spec/ingress/0/ports/0/port") == 3000);
    CHECK(std::ranges::none_of(graph.nodes, [](const auto& node) { return node.path == "policy/public/api"; }));
    CHECK(at(object_of(graph, "route/web"), "/spec/rules/0/host") == "web-pr-42.preview.example.com");
    CHECK(at(object_of(graph, "route/web"), "/spec/ingressClassName") == "nginx");

    const auto closed = render_environment(shop(), {.context = "eks-eu"});
    REQUIRE_FALSE(closed);
    CHECK(closed.error().kind == ErrorKind::refused);
    CHECK(closed.error().message.contains("services.web"));
}

TEST_CASE("what a cluster does not serve of a database is refused by name")
{
    struct Row {
        std::string_view words;
        std::function<void(DesiredDatabase&)> change;
    };
    for (const auto& [words, change] : std::initializer_list<Row>{
             {"`mode: managed`", [](auto& database) { database.declared.mode = DatabaseMode::managed; }},
             {"`strategy: clone`", [](auto& database) { database.strategy = DataStrategy::clone; }},
             {"`strategy: shared`", [](auto& database) { database.strategy = DataStrategy::shared; }},
             {"a snapshot", [](auto& database) { database.snapshot.resource = "snapshot-1"; }},
             {"mysql", [](auto& database) { database.declared.type = DatabaseType::mysql; }}}) {
        CAPTURE(words);
        auto desired = shop();
        change(desired.databases[0]);
        const auto refused = render_environment(desired, options);
        REQUIRE_FALSE(refused);
        CHECK(refused.error().kind == ErrorKind::refused);
        CHECK(refused.error().message.starts_with("databases.db: "));
        CHECK(refused.error().message.contains(words));
    }
}

TEST_CASE("the namespace of an environment is called after it, within what a name may have")
{
    auto desired = shop();
    desired.project_name = std::string(40, 'p');
    desired.name = std::string(40, 'e');
    const auto prefix = std::string(at(object_of(render(desired), "namespace"), "/metadata/generateName").as_string());
    CHECK(prefix.size() <= 53);
    CHECK(prefix.ends_with('-'));
}

TEST_CASE("amounts are written in the largest unit that leaves no rest")
{
    CHECK(bytes_text(std::int64_t{256} << 20) == "256Mi");
    CHECK(bytes_text(std::int64_t{5} << 30) == "5Gi");
    CHECK(bytes_text(1536) == "1536");
    CHECK(bytes_text(3 * 1024) == "3Ki");
    CHECK(cpu_text(500) == "500m");
    CHECK(cpu_text(2000) == "2");
}

}  // namespace ramet::targets::kubernetes
