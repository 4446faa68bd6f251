// What every driver promises, kept by ObjectDriver on a real cluster; and that what `render` makes of an environment is accepted there and runs.

#include "cluster/cluster_house.hpp"
#include "contract/driver_contract.hpp"
#include "engine/fill.hpp"
#include "targets/kubernetes/object_driver.hpp"
#include "targets/kubernetes/render.hpp"

#include <set>

namespace ramet::targets::kubernetes {

using namespace ramet::testing;

namespace {

/// Opens each secret as its identity and version.
class TellingOpener final : public SecretOpener {
public:
    Result<SecretBytes> open(const SecretReference& reference) override
    {
        return SecretBytes(fmt::format("{}@{}", reference.id, reference.version));
    }
};

struct DriverHouse : ClusterHouse {
    TellingOpener secrets;
    std::string space = make_namespace(*this);
    std::string install = "install-" + space;
    ObjectDriver driver{client, secrets, install};

    engine::ResourceRef resource(const std::string& path, const Json& object) const
    {
        return {.id = engine::ResourceId("id-" + path),
                .path = path,
                .kind = "kubernetes.object",
                .name = "name-of-" + path,
                .mark = {install, engine::OwnerId("env-1"), "nonce-of-" + path},
                .spec = json::object{{"namespace", space}, {"object", object}}};
    }
};

Json parse(std::string_view text)
{
    auto value = parse_json(text);
    if (!value) FAIL(value.error().message);
    return *std::move(value);
}

Json config_map(std::string_view value)
{
    return json::object{{"apiVersion", "v1"},
                        {"kind", "ConfigMap"},
                        {"metadata", json::object{{"name", "settings"}}},
                        {"data", json::object{{"value", value}}}};
}

Json deployment(std::string_view image)
{
    return parse(fmt::format(
        R"({{"apiVersion":"apps/v1","kind":"Deployment","metadata":{{"name":"web"}},"spec":{{"replicas":1,)"
        R"("selector":{{"matchLabels":{{"ramet.dev/part":"web"}}}},"template":{{"metadata":{{"labels":{{"ramet.dev/part":"web"}}}},)"
        R"("spec":{{"terminationGracePeriodSeconds":1,"containers":[{{"name":"web","image":"{}","imagePullPolicy":"Never"}}]}}}}}}}})",
        image));
}

/// What a pull would answer: the local image.
engine::Outputs outputs_of(const engine::Node& node, const std::string& space)
{
    if (node.kind == "kubernetes.image") return {{"reference", get_string(node.spec, "image")}};
    if (node.kind == "kubernetes.namespace") return {{"name", space}};
    return {};
}

DesiredEnvironment small_shop()
{
    DesiredEnvironment desired;
    desired.name = "pr-1";
    desired.project_name = "shop";
    for (const std::string name : {"web", "api"}) {
        DesiredService service;
        service.name = service.declared.name = name;
        service.declared.image = "localhost/server:1";
        service.declared.port = 8080;
        service.declared.health = HealthCheck{.http_path = "/", .timeout = Milliseconds(60'000)};
        service.env = {{"SAYS", {"key ", SecretReference{"key", 3, ""}}}};
        desired.services.push_back(std::move(service));
    }
    desired.services[0].declared.replicas = 2;
    desired.services[0].declared.needs = {{"api", Need::healthy}};
    return desired;
}

}  // namespace

TEST_CASE("an object without a readiness of its own keeps the contract of drivers")
{
    DriverHouse house;
    check_driver_contract({house.driver, house.resource("settings", config_map("a"))});
}

TEST_CASE("a Deployment keeps the contract of drivers")
{
    DriverHouse house;
    check_driver_contract({house.driver, house.resource("web", deployment("localhost/server:1"))});
}

TEST_CASE("an object is changed in place, and what is left out of it goes")
{
    DriverHouse house;
    auto resource = house.resource("settings", config_map("a"));
    check_success(bring_up(house.driver, resource), "its creation");
    const auto uid = resource.identity;
    const auto data = [&] { return get_member(*house.client.get(maps_of(house.space) + "/settings"), "data"); };
    for (const auto* text : {R"({"value":"b","more":"c"})", R"({"other":"d"})", R"({"value":"e"})"}) {
        const auto value = parse(text);
        resource.spec.as_object()["object"].as_object()["data"] = value;
        check_success(bring_up(house.driver, resource), "a change");
        CHECK(resource.identity == uid);
        CHECK(data() == value);
        CHECK(house.driver.probe(contract_call(), resource)->spec_hash == engine::spec_hash(resource.spec));
    }
}

TEST_CASE("an object of somebody else is neither taken over nor removed")
{
    DriverHouse house;
    REQUIRE(house.client.create(maps_of(house.space), config_map("theirs")));
    const auto resource = house.resource("settings", config_map("ours"));
    CHECK(presence_of(house.driver, resource) == engine::Presence::foreign);
    const auto applied = house.driver.apply(contract_call(), resource, engine::Token("t"));
    REQUIRE_FALSE(applied);
    CHECK(applied.error().kind == ErrorKind::conflict);
    CHECK_FALSE(house.driver.remove(contract_call(), {resource, {}}));
    CHECK(get_string(get_member(*house.client.get(maps_of(house.space) + "/settings"), "data"), "value") == "theirs");
}

TEST_CASE("a creation whose answer was lost is taken over as the same object")
{
    DriverHouse house;
    auto resource = house.resource("settings", config_map("a"));
    check_success(bring_up(house.driver, resource), "its creation");
    const auto uid = std::exchange(resource.identity, "");
    check_success(bring_up(house.driver, resource), "the same again, without knowing of it");
    CHECK(resource.identity == uid);
}

TEST_CASE("a Deployment whose image is not there fails with what was seen")
{
    DriverHouse house;
    auto resource = house.resource("web", deployment("localhost/absent:1"));
    const auto up = bring_up(house.driver, resource);
    REQUIRE_FALSE(up);
    CHECK(up.error().message == "Deployment web cannot start");
    CHECK(up.error().evidence.contains("ErrImageNeverPull"));
    CHECK(up.error().evidence.contains("localhost/absent:1"));
    check_success(take_down(house.driver, resource), "the removal");
}

TEST_CASE("all of a rendered environment is accepted under its own rules, and comes up")
{
    DriverHouse house;
    const auto graph = render_environment(small_shop(), {});
    REQUIRE(graph);
    std::map<std::string, engine::Outputs> outputs;
    for (const auto& node : graph->nodes) {
        outputs[node.path] = outputs_of(node, house.space);
        if (node.kind == "kubernetes.namespace")
            // The labels of Pod Security, which judge everything that comes after.
            REQUIRE(house.client.apply(
                "/api/v1/namespaces/" + house.space,
                json::object{
                    {"apiVersion", "v1"},
                    {"kind", "Namespace"},
                    {"metadata", json::object{{"name", house.space}, {"labels", get_member(node.spec, "labels")}}}}));
        if (node.kind != "kubernetes.object") continue;
        auto filled = engine::fill_spec(node.spec, outputs);
        REQUIRE(filled);
        auto resource = house.resource(node.path, get_member(*filled, "object"));
        CAPTURE(node.path);
        check_success(bring_up(house.driver, resource), "coming up");
    }
}

}  // namespace ramet::targets::kubernetes
