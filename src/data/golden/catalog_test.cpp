#include "data/golden/catalog.hpp"

#include "base/random.hpp"
#include "data/golden/record.hpp"
#include "support/loop_file_system.hpp"

#include <sys/stat.h>

#include <fstream>
#include <thread>

using namespace ramet;
using namespace ramet::data;
using namespace ramet::testing;

namespace {

const GoldenSource staging{ProjectId("p1"), "e1", "db"};
const GoldenSource other_database{ProjectId("p1"), "e1", "stats"};

Time at(int minutes)
{
    return Time(Milliseconds(1'700'000'000'000) + std::chrono::minutes(minutes));
}

struct Store {
    Store() { REQUIRE(ensure_store(paths).has_value()); }

    Golden publish(const std::string& id, const GoldenSource& source, Time made_at) const
    {
        const auto data = catalog.folder(GoldenId(id)) / "data";
        REQUIRE(ensure_directory(catalog.folder(GoldenId(id))).has_value());
        REQUIRE(create_cloneable(data).has_value());
        std::ofstream(data / "PG_VERSION") << "15\n";
        const auto golden = catalog.publish(
            {.id = GoldenId(id), .source = source, .version = "15", .schema_hash = "s", .made_at = made_at});
        if (!golden) FAIL(golden.error().message);
        return *golden;
    }

    TemporaryDirectory folder;
    StorePaths paths{folder.path() / "d"};
    GoldenCatalog catalog{paths};
};

std::vector<std::string> ids_of(const std::vector<Golden>& goldens)
{
    std::vector<std::string> ids;
    for (const auto& golden : goldens) ids.push_back(golden.id.str());
    return ids;
}

}  // namespace

TEST_CASE("the record of a golden is read back as it was written")
{
    const Golden golden{.id = GoldenId("g"),
                        .source = staging,
                        .version = "15",
                        .schema_hash = "s",
                        .rules_hash = "r",
                        .made_at = at(1),
                        .size_bytes = 42};
    const auto read = parse_golden_record(golden_record(golden)).value();
    CHECK(read.source == golden.source);
    CHECK(read.made_at == golden.made_at);
    CHECK(golden_record(read) == golden_record(golden));
    for (const auto* damaged : {"", "{}", "[1]", R"({"golden": "g"})", R"({"golden": "g", "made_at": "yesterday"})"})
        CHECK(parse_golden_record(damaged).error().kind == ErrorKind::integrity);
}

TEST_CASE("goldens are listed by source, newest first, and the newest is fresh until its age is over")
{
    const Store store;
    store.publish("b", staging, at(2));
    store.publish("c", staging, at(3));
    store.publish("a", staging, at(1));
    store.publish("x", other_database, at(9));
    CHECK(ids_of(store.catalog.list(staging).value()) == std::vector<std::string>{"c", "b", "a"});
    CHECK(ids_of(store.catalog.list().value()).front() == "x");
    CHECK(store.catalog.find_fresh(staging, at(10), std::chrono::minutes(7)).value()->id == GoldenId("c"));
    CHECK_FALSE(store.catalog.find_fresh(staging, at(11), std::chrono::minutes(7)).value().has_value());
    CHECK_FALSE(
        store.catalog.find_fresh({ProjectId("p2"), "e1", "db"}, at(3), std::chrono::hours(1)).value().has_value());
}

TEST_CASE("what is half made is no golden, and can be removed")
{
    const Store store;
    REQUIRE(ensure_directory(store.catalog.folder(GoldenId("half")) / "data/base").has_value());
    CHECK(store.catalog.list().value().empty());
    CHECK_FALSE(store.catalog.find(GoldenId("half")).value().has_value());
    CHECK(store.catalog.get(GoldenId("half")).error().kind == ErrorKind::not_found);
    CHECK(store.catalog.pin(GoldenId("half"), "pr-1").error().kind == ErrorKind::not_found);
    CHECK(store.catalog.remove(GoldenId("half")).has_value());
    CHECK_FALSE(std::filesystem::exists(store.catalog.folder(GoldenId("half"))));
    CHECK(store.catalog.remove(GoldenId("half")).has_value());
}

TEST_CASE("a pinned golden stays until its last holder lets go")
{
    const Store store;
    const auto golden = store.publish("g", staging, at(1));
    REQUIRE(store.catalog.pin(golden.id, "env/one").has_value());
    REQUIRE(store.catalog.pin(golden.id, "env/one").has_value());
    REQUIRE(store.catalog.pin(golden.id, "env/two").has_value());
    CHECK(store.catalog.get(golden.id)->pins == std::vector<std::string>{"env/one", "env/two"});

    const auto refused = store.catalog.remove(golden.id);
    CHECK(refused.error().kind == ErrorKind::conflict);
    CHECK(refused.error().evidence.contains("env/one"));
    CHECK(store.catalog.unpin(golden.id, "env/one").has_value());
    CHECK_FALSE(store.catalog.remove(golden.id).has_value());
    CHECK(store.catalog.unpin(golden.id, "env/two").has_value());
    CHECK(store.catalog.remove(golden.id).has_value());
    CHECK(store.catalog.unpin(golden.id, "env/two").has_value());
    CHECK(store.catalog.list().value().empty());
}

TEST_CASE("pinning and removing at once leaves either a pinned golden or none")
{
    const Store store;
    for (int round = 0; round < 50; ++round) {
        const auto golden = store.publish("g", staging, at(round));
        Result<void> pinned;
        Result<void> removed;
        {
            const std::jthread one([&] { pinned = store.catalog.pin(golden.id, "holder"); });
            const std::jthread other([&] { removed = store.catalog.remove(golden.id); });
        }
        CHECK(pinned.has_value() != removed.has_value());
        CHECK(store.catalog.find(golden.id).value().has_value() == pinned.has_value());
        REQUIRE(store.catalog.unpin(golden.id, "holder").has_value());
        REQUIRE(store.catalog.remove(golden.id).has_value());
    }
}

TEST_CASE("three are kept, and all that are pinned")
{
    std::vector<Golden> goldens;
    for (const auto* id : {"e", "d", "c", "b", "a"}) goldens.push_back({.id = GoldenId(id), .source = staging});
    goldens[4].pins = {"env/one"};
    CHECK(ids_of(choose_kept(goldens)) == std::vector<std::string>{"e", "d", "c", "a"});
    CHECK(ids_of(choose_kept(goldens, 1)) == std::vector<std::string>{"e", "a"});
    CHECK(choose_kept({}).empty());
}

TEST_CASE("ids that lead elsewhere are refused")
{
    const Store store;
    for (const auto* id : {"", ".", "..", "../databases", "a/b", ".lock"}) {
        CAPTURE(id);
        CHECK(store.catalog.find(GoldenId(id)).error().kind == ErrorKind::invalid);
        CHECK(store.catalog.remove(GoldenId(id)).error().kind == ErrorKind::invalid);
    }
}

TEST_CASE("a published golden belongs to Ramet and cannot be written on btrfs")
{
    if (!is_root()) return skip("loop devices need root");
    const LoopFileSystem system("btrfs", 256);
    const StorePaths paths{system.path() / "d"};
    REQUIRE(ensure_store(paths).has_value());
    const GoldenCatalog catalog(paths);
    const auto folder = catalog.folder(GoldenId("g"));
    REQUIRE(ensure_directory(folder).has_value());
    REQUIRE(create_cloneable(folder / "data").has_value());
    std::ofstream(folder / "data/file") << "12345";
    REQUIRE(change_owner(folder / "data", {54321, 54321}).has_value());
    const auto golden = catalog.publish({.id = GoldenId("g"), .source = staging, .made_at = at(1)});
    if (!golden) FAIL(golden.error().message);
    CHECK(golden->size_bytes == 5);
    struct stat status{};
    REQUIRE(::stat((golden->directory / "file").c_str(), &status) == 0);
    CHECK(status.st_uid == 0);
    CHECK_FALSE(std::ofstream(golden->directory / "file").is_open());
    CHECK(catalog.remove(GoldenId("g")).has_value());
    CHECK_FALSE(std::filesystem::exists(folder));
}
