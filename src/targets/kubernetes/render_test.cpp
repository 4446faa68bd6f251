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
    desired.services = {web, api, worker};
    return desired;
}

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
    auto graph = render_environment(desired, {});
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

TEST_CASE("every pod keeps to the restricted profile and has no account to speak with")
{
    const auto graph = render(shop());
    for (const auto* path : {"service/web", "service/api", "service/worker"}) {
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
    CHECK(at(find(graph, "namespace").spec, "/labels/pod-security.kubernetes.io~1enforce") == "restricted");
}

TEST_CASE("no pod stands before the rules of its network and its limits do")
{
    const auto graph = render(shop());
    for (const auto* path : {"service/web", "service/api", "service/worker"})
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
    const auto absent = render_environment(desired, {});
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
        const auto refused = render_environment(desired, {});
        REQUIRE_FALSE(refused);
        CHECK(refused.error().kind == ErrorKind::refused);
        CHECK(refused.error().message.starts_with("services.web: "));
        CHECK(refused.error().message.contains(words));
    }
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
