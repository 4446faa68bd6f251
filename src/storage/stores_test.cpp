#include "storage/stores.hpp"

#include "secrets/file_keys.hpp"
#include "storage/storage_test_support.hpp"

namespace ramet::storage {
namespace {

struct Fixture {
    TestDatabase database;
    std::unique_ptr<secrets::FileKeys> keys = secrets::FileKeys::create(database.directory() / "keys").value();
    secrets::Redactor redactor;
    Stores stores{*database, {"install", *keys, redactor}};
};

}  // namespace

TEST_CASE("writes of several stores are one: all of them or none")
{
    Fixture f;
    const auto write = [&](bool fails) {
        return f.database->write([&](Transaction& transaction) -> Result<void> {
            TRY(f.stores.projects.insert(transaction, {.id = ProjectId("p-1"), .name = "shop"}));
            TRY(f.stores.environments.insert(
                transaction, {.id = EnvironmentId("e-1"), .project = ProjectId("p-1"), .name = "staging"}));
            TRY(f.stores.secrets.set(transaction, {.scope = project_scope(ProjectId("p-1")), .name = "KEY"},
                                     SecretBytes("value one")));
            TRY(f.stores.queue.enqueue(transaction, {EnvironmentId("e-1"), ProjectId("p-1"), "no room", at(1)}));
            TRY(f.stores.events.append(transaction, {.kind = "environment.state"}));
            TRY(f.stores.audit.append(transaction, {.actor = "alice", .action = "project.register"}));
            CHECK(f.stores.environments.get(EnvironmentId("e-1"), &transaction)->name == "staging");
            if (fails) return fail(ErrorKind::refused, "no");
            return {};
        });
    };
    CHECK_FALSE(write(true).has_value());
    CHECK(f.stores.projects.list()->empty());
    CHECK(f.stores.audit.verify().value() == 0);
    CHECK(write(false).has_value());
    CHECK(f.stores.projects.list()->size() == 1);
    CHECK(f.stores.queue.list()->size() == 1);
    CHECK(f.stores.audit.verify().value() == 1);
}

TEST_CASE("the installation is made once")
{
    Fixture f;
    SystemRandom random;
    const auto first = f.stores.settings.ensure_installation(random, at(5)).value();
    f.database.reopen();
    const auto again = Settings(*f.database).ensure_installation(random, at(9)).value();
    CHECK(first.id.size() == 16);
    CHECK(again.id == first.id);
    CHECK(again.created_at == at(5));
}

TEST_CASE("a setting is what was set last")
{
    Fixture f;
    CHECK_FALSE(f.stores.settings.find("k").value().has_value());
    for (const auto* value : {"one", "two"})
        must_write(f.database,
                   [&](Transaction& transaction) { return f.stores.settings.set(transaction, "k", value); });
    CHECK(f.stores.settings.find("k").value() == "two");
}

TEST_CASE("the queue is first come first served, and a new reason loses no place")
{
    Fixture f;
    const auto enqueue = [&](const std::string& id, const std::string& reason) {
        must_write(f.database, [&](Transaction& transaction) {
            return f.stores.queue.enqueue(transaction, {EnvironmentId(id), ProjectId("p"), reason, at(1)});
        });
    };
    enqueue("e-1", "max_active");
    enqueue("e-2", "max_active");
    enqueue("e-1", "memory");
    auto places = f.stores.queue.list().value();
    REQUIRE(places.size() == 2);
    CHECK(places[0] == CapacityQueue::Place{EnvironmentId("e-1"), ProjectId("p"), "memory", at(1)});
    must_write(f.database,
               [&](Transaction& transaction) { return f.stores.queue.remove(transaction, EnvironmentId("e-1")); });
    enqueue("e-1", "again");
    places = f.stores.queue.list().value();
    CHECK(places[0].environment.str() == "e-2");
}

TEST_CASE("the build cache is listed by last use")
{
    Fixture f;
    must_write(f.database, [&](Transaction& transaction) -> Result<void> {
        TRY(f.stores.builds.put(transaction, {"h1", "/a", 10, at(1), at(1)}));
        TRY(f.stores.builds.put(transaction, {"h2", "/b", 10, at(2), at(2)}));
        TRY(f.stores.builds.set_last_used(transaction, "h1", at(3)));
        return f.stores.builds.put(transaction, {"h2", "/c", 11, at(2), at(2)});
    });
    CHECK(f.stores.builds.find("h2").value() == CachedBuild{"h2", "/c", 11, at(2), at(2)});
    CHECK(f.stores.builds.list()->front().input_hash == "h2");
    must_write(f.database, [&](Transaction& transaction) { return f.stores.builds.remove(transaction, "h2"); });
    CHECK_FALSE(f.stores.builds.find("h2").value().has_value());
}

TEST_CASE("what an environment holds is given back with it")
{
    Fixture f;
    must_write(f.database, [&](Transaction& transaction) -> Result<void> {
        TRY(f.stores.projects.insert(transaction, {.id = ProjectId("p"), .name = "shop"}));
        TRY(f.stores.environments.insert(transaction,
                                         {.id = EnvironmentId("e"), .project = ProjectId("p"), .name = "pr-1"}));
        TRY(f.stores.goldens.insert(transaction, {.id = GoldenId("g"),
                                                  .project = ProjectId("p"),
                                                  .source = EnvironmentId("s"),
                                                  .database = "db",
                                                  .state = GoldenState::ready}));
        TRY(f.stores.goldens.pin(transaction, GoldenId("g"), EnvironmentId("e")));
        TRY(f.stores.hosts.ensure(transaction, {"web", "localhost", EnvironmentId("e"), "web", "shop"}));
        TRY(f.stores.queue.enqueue(transaction, {EnvironmentId("e"), ProjectId("p"), "", at(1)}));
        return f.stores.environments.remove(transaction, EnvironmentId("e"), at(2));
    });
    CHECK(f.stores.goldens.list_pins(GoldenId("g"))->empty());
    CHECK(f.stores.hosts.list(EnvironmentId("e"))->empty());
    CHECK(f.stores.queue.list()->empty());
}

}  // namespace ramet::storage
