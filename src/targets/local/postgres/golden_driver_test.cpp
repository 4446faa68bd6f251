#include "targets/local/postgres/golden_driver.hpp"

#include "data/clone/ladder.hpp"
#include "support/local_postgres.hpp"

#include <signal.h>

using namespace ramet;
using namespace ramet::testing;

namespace {

void must_up(TestDatabase& database)
{
    const auto made = database.up();
    if (!made) FAIL(made.error().message << "\n" << made.error().evidence);
}

engine::ResourceRef must_make_golden(LocalPostgres& place, TestDatabase& base, const std::string& label)
{
    auto ref = golden_ref(place, base, label);
    const auto made = place.bring_up(ref);
    if (!made && !place.take_down(ref)) MESSAGE("the golden could not be removed");
    if (!made) FAIL(made.error().message << "\n" << made.error().evidence);
    return ref;
}

postgres::DatabaseSpec clone_of(const engine::ResourceRef& golden, const std::string& environment)
{
    auto spec = spec_of(environment, DataStrategy::clone);
    spec.golden = GoldenId(golden.outputs.at("golden"));
    return spec;
}

void fill(TestDatabase& base)
{
    auto sql = base.connect();
    must_execute(sql, "CREATE TABLE items (id int PRIMARY KEY, name text); INSERT INTO items SELECT n, 'item ' || n "
                      "FROM generate_series(1, 5000) n");
}

std::string count_items(TestDatabase& database)
{
    auto sql = database.connect();
    return must_query(sql, "SELECT count(*) FROM items");
}

}  // namespace

TEST_CASE("clones of a golden have the base's data, are apart from it and from each other, and leave it as it was")
{
    const TemporaryDirectory folder;
    LocalPostgres place(folder.path());
    TestDatabase base(place, base_spec("base"));
    must_up(base);
    fill(base);
    const auto before = base.dump();
    const auto golden = must_make_golden(place, base, "1");
    CHECK(base.dump() == before);

    TestDatabase one(place, clone_of(golden, "pr-1"));
    TestDatabase other(place, clone_of(golden, "pr-2"));
    must_up(one);
    must_up(other);
    CHECK(one.data("golden") == golden.name);
    CHECK(one.data("made_at") == golden.outputs.at("made_at"));
    auto sql = one.connect();
    must_execute(sql, "DELETE FROM items WHERE id > 100; INSERT INTO items VALUES (-1, 'only here')");
    CHECK(count_items(one) == "101");
    CHECK(count_items(other) == "5000");
    CHECK(base.dump() == before);
    TestDatabase later(place, clone_of(golden, "pr-3"));
    must_up(later);
    CHECK(count_items(later) == "5000");
}

TEST_CASE("the base's passwords do not open a clone, and a clone's not the base")
{
    const TemporaryDirectory folder;
    LocalPostgres place(folder.path());
    TestDatabase base(place, base_spec("base"));
    must_up(base);
    fill(base);
    {
        auto sql = data::SqlConnection::open({.host = base.socket_directory(), .port = base.port()}).value();
        must_execute(sql, "CREATE ROLE admin LOGIN SUPERUSER PASSWORD 'admin'");
    }
    const auto golden = must_make_golden(place, base, "1");
    TestDatabase clone(place, clone_of(golden, "pr-1"));
    must_up(clone);
    CHECK(clone.log_in(clone.password()).has_value());
    CHECK_FALSE(clone.log_in(base.password()).has_value());
    CHECK_FALSE(base.log_in(clone.password()).has_value());
    const SecretBytes admin("admin");
    CHECK_FALSE(
        data::SqlConnection::open({.host = "127.0.0.1", .port = clone.port(), .user = "admin", .password = &admin})
            .has_value());
    auto sql = clone.connect();
    CHECK(must_query(sql, "SELECT rolsuper FROM pg_roles WHERE rolname = current_user") == "f");
}

TEST_CASE("a golden is published with its age and schema, pinned by its clones, and gone without a trace")
{
    const TemporaryDirectory folder;
    LocalPostgres place(folder.path());
    TestDatabase base(place, base_spec("base"));
    must_up(base);
    fill(base);
    const auto allocated = place.allocations.size();
    const auto golden = must_make_golden(place, base, "1");
    const auto again = must_make_golden(place, base, "2");
    CHECK(golden.outputs.at("schema_hash") == again.outputs.at("schema_hash"));
    const data::GoldenCatalog catalog(place.options().store);
    const data::GoldenSource source{ProjectId("project-1"), "base", "db"};
    CHECK(catalog.list(source)->front().id == GoldenId(again.name));
    CHECK(catalog.find_fresh(source, place.clock.now(), Milliseconds(60'000))->has_value());
    CHECK_FALSE(std::filesystem::exists(catalog.folder(GoldenId(golden.name)) / "work"));
    CHECK(place.allocations.size() == allocated);
    CHECK(place.golden.inventory(LocalPostgres::call(), "install-1")->size() == 2);

    {
        TestDatabase clone(place, clone_of(golden, "pr-1"));
        must_up(clone);
        CHECK(catalog.get(GoldenId(golden.name))->pins.size() == 1);
        CHECK(place.take_down(golden).error().kind == ErrorKind::conflict);
        REQUIRE(clone.down().has_value());
    }
    CHECK(place.take_down(golden).has_value());
    CHECK(place.take_down(golden).has_value());
    CHECK(place.presence(golden) == engine::Presence::absent);
    CHECK_FALSE(std::filesystem::exists(catalog.folder(GoldenId(golden.name))));
    CHECK(place.take_down(again).has_value());
}

TEST_CASE("five clones at once are five databases")
{
    const TemporaryDirectory folder;
    LocalPostgres place(folder.path());
    TestDatabase base(place, base_spec("base"));
    must_up(base);
    fill(base);
    const auto golden = must_make_golden(place, base, "1");
    std::vector<std::unique_ptr<TestDatabase>> clones;
    for (int index = 0; index < 5; ++index)
        clones.push_back(std::make_unique<TestDatabase>(place, clone_of(golden, fmt::format("pr-{}", index))));
    std::vector<Result<void>> made(clones.size());
    {
        std::vector<std::jthread> threads;
        for (std::size_t index = 0; index < clones.size(); ++index)
            threads.emplace_back([&, index] { made[index] = clones[index]->up(); });
    }
    std::set<int> ports;
    for (std::size_t index = 0; index < clones.size(); ++index) {
        if (!made[index]) FAIL(made[index].error().message << "\n" << made[index].error().evidence);
        CHECK(count_items(*clones[index]) == "5000");
        ports.insert(clones[index]->port());
    }
    CHECK(ports.size() == 5);
}

TEST_CASE("a golden that cannot be made fails with evidence and leaves nothing")
{
    const TemporaryDirectory folder;
    LocalPostgres place(folder.path());
    TestDatabase base(place, base_spec("base"));
    must_up(base);
    auto ref = golden_ref(place, base, "1");
    ref.spec.as_object()["port"] = "1";
    const auto made = place.bring_up(ref);
    REQUIRE_FALSE(made.has_value());
    CHECK(made.error().evidence.contains("pg_basebackup"));
    CHECK(data::GoldenCatalog(place.options().store).list()->empty());
    CHECK(place.take_down(ref).has_value());
    CHECK(place.presence(ref) == engine::Presence::absent);
    CHECK(std::filesystem::directory_iterator(place.options().store.goldens())->path().filename() == ".lock");
}

TEST_CASE("a golden whose making was killed at any step is finished by asking again")
{
    const TemporaryDirectory folder;
    LocalPostgres place(folder.path());
    TestDatabase base(place, base_spec("base"));
    must_up(base);
    fill(base);
    for (const auto* shim : {"copy", "recovery"}) {
        CAPTURE(shim);
        auto ref = golden_ref(place, base, shim);
        REQUIRE(place.apply(ref).has_value());
        const auto work = place.options().store.goldens() / ref.name / "work" / shim;
        const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
        for (bool killed = false; !killed && std::chrono::steady_clock::now() < deadline;) {
            if (const auto status = targets::local::find_shim(work); status && *status) {
                for (const auto& replica : (*status)->replicas)
                    if (replica.pid > 0) ::kill(replica.pid, SIGKILL);
                killed = ::kill((*status)->pid, SIGKILL) == 0;
            }
            if (!killed) REQUIRE(place.golden.await(LocalPostgres::call(), ref).has_value());
        }
        const auto made = place.wait_for(ref);
        if (!made) FAIL(made.error().message << "\n" << made.error().evidence);
        TestDatabase clone(place, clone_of(ref, std::string("pr-") + shim));
        must_up(clone);
        CHECK(count_items(clone) == "5000");
    }
}

TEST_CASE("on file systems that share blocks a clone takes next to nothing")
{
    if (!is_root()) return skip("loop devices need root");
    struct Case {
        std::string type, method;
    };
    const Case cases[] = {{"xfs", "reflink"}, {"btrfs", "btrfs-snapshot"}};
    for (const auto& [type, method] : cases) {
        CAPTURE(type);
        const LoopFileSystem system(type, 1024);
        LocalPostgres place(system.path());
        TestDatabase base(place, base_spec("base"));
        must_up(base);
        fill(base);
        const auto golden = must_make_golden(place, base, "1");
        TestDatabase clone(place, clone_of(golden, "pr-1"));
        must_up(clone);
        CHECK(clone.data("method") == method);
        CHECK(clone.data("bytes_copied") == "0");
        CHECK(count_items(clone) == "5000");
        REQUIRE(clone.down().has_value());
        REQUIRE(base.down().has_value());
    }
}
