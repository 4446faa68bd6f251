#include "targets/kubernetes/render_test_support.hpp"

#include "base/file.hpp"
#include "targets/kubernetes/objects.hpp"

#include <cstdlib>
#include <functional>

namespace ramet::targets::kubernetes {

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
    for (const auto& [words, change] :
         std::initializer_list<Row>{{"`share`", [](auto& service) { service.treatment = Treatment::shared; }},
                                    {"`helm`", [](auto& service) { service.declared.is_helm = true; }},
                                    {"`manifests`", [](auto& service) { service.declared.is_manifests = true; }},
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
