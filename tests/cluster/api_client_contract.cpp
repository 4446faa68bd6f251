// What ApiClient promises, against a real API server: RAMET_TEST_KUBECONFIG names the cluster (test_client.py starts it).

#include "cluster/cluster_house.hpp"

#include <atomic>
#include <semaphore>
#include <set>
#include <thread>

namespace ramet::targets::kubernetes {

using namespace ramet::testing;

namespace {

Json config_map(std::string_view name, std::string_view value)
{
    return json::object{{"apiVersion", "v1"},
                        {"kind", "ConfigMap"},
                        {"metadata", json::object{{"name", name}, {"labels", json::object{{"test", "yes"}}}}},
                        {"data", json::object{{"value", value}}}};
}

std::string metadata_of(const Json& object, std::string_view key)
{
    return get_string(get_member(object, "metadata"), key);
}

}  // namespace

TEST_CASE("an apply makes an object, changes it, and changes nothing when nothing is different")
{
    ClusterHouse house;
    const auto path = maps_of(make_namespace(house)) + "/one";
    const auto made = house.client.apply(path, config_map("one", "a"));
    REQUIRE(made);
    const auto again = house.client.apply(path, config_map("one", "a"));
    REQUIRE(again);
    CHECK(metadata_of(*again, "resourceVersion") == metadata_of(*made, "resourceVersion"));
    const auto changed = house.client.apply(path, config_map("one", "b"));
    REQUIRE(changed);
    CHECK(metadata_of(*changed, "uid") == metadata_of(*made, "uid"));
    CHECK(get_string(get_member(*house.client.get(path), "data"), "value") == "b");
}

TEST_CASE("what a creation owns is given up only as it was seen: another owner in between is a conflict")
{
    ClusterHouse house;
    const auto path = maps_of(make_namespace(house));
    const auto seen = house.client.create(path, config_map("one", "a"));
    REQUIRE(seen);
    REQUIRE(house.client.apply(path + "/one", config_map("one", "b")));
    const auto late = house.client.disown_creation(path + "/one", *seen);
    REQUIRE_FALSE(late);
    CHECK(late.error().kind == ErrorKind::conflict);
    const auto now = house.client.apply(path + "/one", config_map("one", "b"));
    const auto given_up = house.client.disown_creation(path + "/one", *now);
    REQUIRE(given_up);
    for (const auto& owner : get_member(get_member(*given_up, "metadata"), "managedFields").as_array())
        CHECK(get_string(owner, "operation") == "Apply");
}

TEST_CASE("a removal hits the very object that it names, or nothing")
{
    ClusterHouse house;
    const auto path = maps_of(make_namespace(house)) + "/one";
    const auto uid = metadata_of(*house.client.apply(path, config_map("one", "a")), "uid");
    const auto other = house.client.remove(path, {.uid = "00000000-0000-0000-0000-000000000000"});
    REQUIRE_FALSE(other);
    CHECK(has_reason(other.error(), "Conflict"));
    REQUIRE(house.client.remove(path, {.uid = uid}));
    const auto gone = house.client.get(path);
    REQUIRE_FALSE(gone);
    CHECK(gone.error().kind == ErrorKind::not_found);
    CHECK(house.client.remove(path, {.uid = uid}).error().kind == ErrorKind::not_found);
}

TEST_CASE("a list has every object once, whatever the pages are, and what is made later is watched from its version")
{
    ClusterHouse house;
    const auto maps = maps_of(make_namespace(house));
    for (int i = 0; i < 5; ++i) {
        const auto name = fmt::format("map-{}", i);
        REQUIRE(house.client.apply(maps + "/" + name, config_map(name, "a")));
    }
    std::multiset<std::string> names;
    const auto version = house.client.list(maps + "?labelSelector=test%3Dyes",
                                           [&](const Json& item) { names.insert(metadata_of(item, "name")); });
    REQUIRE(version);
    CHECK(names == std::multiset<std::string>{"map-0", "map-1", "map-2", "map-3", "map-4"});

    REQUIRE(house.client.apply(maps + "/map-0", config_map("map-0", "b")));
    REQUIRE(house.client.remove(maps + "/map-1", {}));
    REQUIRE(house.client.apply(maps + "/last", config_map("last", "a")));
    std::string seen;
    REQUIRE(house.client.watch(maps + "?labelSelector=test%3Dyes", *version,
                               [&](std::string_view type, const Json& object) {
                                   seen += fmt::format("{} {}; ", type, metadata_of(object, "name"));
                                   return metadata_of(object, "name") == "last" ? ApiClient::Continue::no
                                                                                : ApiClient::Continue::yes;
                               },
                               {}));
    CHECK(seen == "MODIFIED map-0; DELETED map-1; ADDED last; ");
}

TEST_CASE("a watch ends when it is stopped")
{
    ClusterHouse house;
    const auto maps = maps_of(make_namespace(house));
    const auto version = house.client.list(maps, [](const Json&) {});
    REQUIRE(version);
    std::stop_source source;
    std::binary_semaphore begun(0);
    Result<void> ended;
    std::jthread watching([&] {
        ended = house.client.watch(
            maps, *version,
            [&](std::string_view, const Json&) {
                begun.release();
                return ApiClient::Continue::yes;
            },
            source.get_token());
    });
    REQUIRE(house.client.apply(maps + "/one", config_map("one", "a")));
    begun.acquire();
    source.request_stop();
    watching.join();
    REQUIRE_FALSE(ended);
    CHECK(ended.error().kind == ErrorKind::cancelled);
}

TEST_CASE("many threads make many objects, each once")
{
    ClusterHouse house;
    const auto maps = maps_of(make_namespace(house));
    constexpr int count = 100;
    std::atomic<int> made = 0;
    {
        std::vector<std::jthread> threads;
        for (int thread = 0; thread < 20; ++thread)
            threads.emplace_back([&, thread] {
                for (int i = thread; i < count; i += 20) {
                    const auto name = fmt::format("map-{}", i);
                    if (house.client.apply(maps + "/" + name, config_map(name, "a"))) ++made;
                }
            });
    }
    CHECK(made == count);
    std::set<std::string> names;
    REQUIRE(house.client.list(maps + "?labelSelector=test%3Dyes",
                              [&](const Json& item) { names.insert(metadata_of(item, "name")); }));
    CHECK(names.size() == count);
}

TEST_CASE("who is not known and who has no right are told apart")
{
    ClusterHouse administrator;
    const auto space = make_namespace(administrator);
    const auto account = fmt::format("/api/v1/namespaces/{}/serviceaccounts/nobody", space);
    REQUIRE(administrator.client.apply(account, json::object{{"apiVersion", "v1"},
                                                             {"kind", "ServiceAccount"},
                                                             {"metadata", json::object{{"name", "nobody"}}}}));
    const auto issued = administrator.client.create(
        account + "/token", json::object{{"apiVersion", "authentication.k8s.io/v1"}, {"kind", "TokenRequest"}});
    REQUIRE(issued);

    ClusterHouse nobody{access_with(get_string(get_member(*issued, "status"), "token"))};
    const auto forbidden = nobody.client.get(maps_of(space));
    REQUIRE_FALSE(forbidden);
    CHECK(forbidden.error().kind == ErrorKind::forbidden);
    CHECK(forbidden.error().evidence.contains("serviceaccount"));

    ClusterHouse unknown{access_with("not-a-token")};
    const auto refused = unknown.client.get(maps_of(space));
    REQUIRE_FALSE(refused);
    CHECK(refused.error().kind == ErrorKind::unauthenticated);
}

TEST_CASE("what the cluster does not accept is invalid, a kind that it does not know is not absent")
{
    ClusterHouse house;
    const auto space = make_namespace(house);
    auto broken = config_map("one", "a");
    broken.as_object()["data"] = json::object{{"value", json::array{1}}};
    const auto refused = house.client.apply(maps_of(space) + "/one", broken);
    REQUIRE_FALSE(refused);
    CHECK_MESSAGE(refused.error().kind == ErrorKind::invalid, refused.error().message, ": ", refused.error().evidence);
    CHECK(house.client.create(maps_of(space), config_map("Not A Name", "a")).error().kind == ErrorKind::invalid);
    CHECK(house.client.get(fmt::format("/apis/example.com/v1/namespaces/{}/things/one", space)).error().kind ==
          ErrorKind::unavailable);
}

}  // namespace ramet::targets::kubernetes
