// What every driver promises, kept by ObjectDriver on a real cluster. That what `render` makes is accepted there and runs: test_previews.py.

#include "cluster/cluster_house.hpp"
#include "contract/driver_contract.hpp"
#include "engine/fill.hpp"
#include "targets/kubernetes/object_driver.hpp"
#include "targets/kubernetes/test_json.hpp"

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

/// The test's own, under whatever name.
class OneCluster final : public Clusters {
public:
    OneCluster(ApiClient& api, const std::string& install) : cluster_(api, install) {}
    Result<Cluster*> open(const std::string&) override { return &cluster_; }
    Result<std::vector<std::string>> list_used() override { return std::vector<std::string>{"cluster"}; }

private:
    Cluster cluster_;
};

struct DriverHouse : ClusterHouse {
    TellingOpener secrets;
    std::string space = make_namespace(*this);
    std::string install = "install-" + space;
    OneCluster clusters{client, install};
    ObjectDriver driver{clusters, secrets};

    engine::ResourceRef resource(const std::string& path, const Json& object) const
    {
        return {.id = engine::ResourceId("id-" + path),
                .path = path,
                .kind = "kubernetes.object",
                .name = "name-of-" + path + "-0123456789",
                .mark = {install, engine::OwnerId("env-1"), "nonce-of-" + path},
                .spec = json::object{{"cluster", "cluster"}, {"namespace", space}, {"object", object}}};
    }
};

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

/// Of a program that is not in its image.
Json failing_job()
{
    return parse(
        R"({"apiVersion":"batch/v1","kind":"Job","metadata":{"generateName":"once-"},"spec":{"backoffLimit":0,)"
        R"("template":{"metadata":{"labels":{"ramet.dev/part":"once"}},"spec":{"restartPolicy":"Never",)"
        R"("containers":[{"name":"once","image":"localhost/server:1","command":["/absent"],"imagePullPolicy":"Never"}]}}}})");
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

TEST_CASE("a namespace keeps the contract of drivers, under a name of its own for each incarnation")
{
    DriverHouse house;
    const json::object object{
        {"apiVersion", "v1"}, {"kind", "Namespace"}, {"metadata", json::object{{"generateName", "shop-"}}}};
    auto resource = house.resource("namespace", object);
    resource.spec.as_object().erase("namespace");
    check_driver_contract({house.driver, resource});
    resource.name = "another-abcdefghij";
    check_success(bring_up(house.driver, resource), "its creation");
    CHECK(resource.outputs.at("name") == "shop-abcdefghij");
    check_success(take_down(house.driver, resource), "its removal");
}

TEST_CASE("a Job that fails is told with its pod's end, and is no failure where it need not succeed")
{
    DriverHouse house;
    auto resource = house.resource("job", failing_job());
    const auto up = bring_up(house.driver, resource);
    REQUIRE_FALSE(up);
    CHECK(up.error().message.starts_with("Job once-0123456789 "));
    CHECK(up.error().evidence.contains("/absent"));
    check_success(take_down(house.driver, resource), "the removal");
    resource.spec.as_object()["required"] = false;
    resource.name = "name-of-job-9876543210";
    resource.identity.clear();
    check_success(bring_up(house.driver, resource), "one that need not succeed");
}

}  // namespace ramet::targets::kubernetes
