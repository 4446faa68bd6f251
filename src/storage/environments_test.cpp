#include "storage/environments.hpp"

#include "storage/projects.hpp"
#include "storage/storage_test_support.hpp"

namespace ramet::storage {
namespace {

const ProjectId shop{"p-shop"};

struct Fixture {
    TestDatabase database;
    Environments environments{*database};

    Fixture()
    {
        must_write(database, [&](Transaction& transaction) -> Result<void> {
            TRY(Projects(*database).insert(transaction, {.id = shop, .name = "shop"}));
            return environments.insert(transaction,
                                       {.id = EnvironmentId("staging"), .project = shop, .name = "staging"});
        });
    }

    Environment preview(const std::string& name, std::int64_t number = 0) const
    {
        Environment row{
            .id = EnvironmentId("e-" + name), .project = shop, .name = name, .origin = EnvironmentOrigin::preview};
        row.base = EnvironmentId("staging");
        row.trusted_branch = "develop";
        row.target = "here";
        row.desired_generation = 1;
        row.power = Power::off;
        row.state = EnvironmentState::queued;
        row.reason = "limit reached";
        row.commit = CommitSha(std::string(40, 'c'));
        row.branch = "feature";
        row.pull_request = number;
        row.created_by = "alice";
        row.created_at = at(1);
        row.updated_at = at(2);
        row.expires_at = at(1000);
        row.last_run = RunId("run-1");
        return row;
    }

    Result<void> insert(const Environment& row)
    {
        return database->write([&](Transaction& transaction) { return environments.insert(transaction, row); });
    }
};

std::vector<std::string> names(const Result<std::vector<Environment>>& rows)
{
    std::vector<std::string> found;
    for (const auto& row : rows.value()) found.push_back(row.name);
    return found;
}

}  // namespace

TEST_CASE("an environment is read back as it was written, in every state")
{
    Fixture f;
    auto row = f.preview("pr-7", 7);
    REQUIRE(f.insert(row).has_value());
    for (int state = 0; state <= static_cast<int>(EnvironmentState::needs_human); ++state) {
        row.state = static_cast<EnvironmentState>(state);
        must_write(f.database, [&](Transaction& transaction) { return f.environments.update(transaction, row, 1); });
        CHECK(f.environments.get(row.id).value() == row);
    }
    CHECK(f.environments.find_by_name(shop, "pr-7").value() == row);
    CHECK(f.environments.find_by_pull_request(shop, 7).value() == row);
    CHECK_FALSE(f.environments.find_by_pull_request(shop, 0).value().has_value());
    CHECK_FALSE(f.environments.find(EnvironmentId("none")).value().has_value());
    CHECK(f.environments.get(EnvironmentId("none")).error().kind == ErrorKind::not_found);
}

TEST_CASE("living names and pull requests are unique in a project")
{
    Fixture f;
    REQUIRE(f.insert(f.preview("pr-7", 7)).has_value());
    auto same_name = f.preview("pr-7");
    same_name.id = EnvironmentId("e-2");
    auto same_number = f.preview("other", 7);
    CHECK(f.insert(same_name).error().kind == ErrorKind::conflict);
    CHECK(f.insert(same_number).error().kind == ErrorKind::conflict);
    CHECK(f.insert(f.preview("by-hand")).has_value());
    CHECK(f.insert(f.preview("by-hand-too")).has_value());
}

TEST_CASE("of two writers who read the same generation only one wins")
{
    Fixture f;
    auto row = f.preview("pr-7", 7);
    REQUIRE(f.insert(row).has_value());
    const auto advance = [&](std::int64_t expected) {
        row.desired_generation = expected + 1;
        return f.database->write(
            [&](Transaction& transaction) { return f.environments.update(transaction, row, expected); });
    };
    CHECK(advance(1).has_value());
    const auto late = advance(1);
    CHECK(late.error().kind == ErrorKind::conflict);
    CHECK(late.error().message.find("generation 2") != std::string::npos);
    row.id = EnvironmentId("none");
    CHECK(advance(1).error().kind == ErrorKind::not_found);
}

TEST_CASE("each matter is changed on its own")
{
    Fixture f;
    auto row = f.preview("pr-7", 7);
    REQUIRE(f.insert(row).has_value());
    must_write(f.database, [&](Transaction& transaction) -> Result<void> {
        TRY(f.environments.set_state(transaction, row.id, EnvironmentState::degraded, "web restarts", at(3)));
        TRY(f.environments.set_observed_generation(transaction, row.id, 5, at(4)));
        TRY(f.environments.set_observed_generation(transaction, row.id, 4, at(5)));
        TRY(f.environments.set_last_run(transaction, row.id, RunId("run-2"), at(6)));
        TRY(f.environments.set_expiry(transaction, row.id, std::nullopt, at(7)));
        TRY(f.environments.set_desired(transaction, row.id, {"{\"a\":1}", "copied"}));
        return f.environments.set_pinned(transaction, row.id, Environments::Pin::pinned, at(8));
    });
    row.state = EnvironmentState::degraded;
    row.reason = "web restarts";
    row.observed_generation = 5;
    row.last_run = RunId("run-2");
    row.expires_at.reset();
    row.is_pinned = true;
    row.updated_at = at(8);
    CHECK(f.environments.get(row.id).value() == row);
    CHECK(f.environments.get_desired(row.id).value() == Environments::Desired{"{\"a\":1}", "copied"});
}

TEST_CASE("what expired is listed unless it is pinned")
{
    Fixture f;
    REQUIRE(f.insert(f.preview("due")).has_value());
    auto pinned = f.preview("pinned");
    pinned.is_pinned = true;
    REQUIRE(f.insert(pinned).has_value());
    auto later = f.preview("later");
    later.expires_at = at(1001);
    REQUIRE(f.insert(later).has_value());
    CHECK(names(f.environments.list_expired(at(999))).empty());
    CHECK(names(f.environments.list_expired(at(1000))) == std::vector<std::string>{"due"});
}

TEST_CASE("a base cannot go while previews branch from it, and a name can be used again after its end")
{
    Fixture f;
    REQUIRE(f.insert(f.preview("pr-7", 7)).has_value());
    CHECK(names(f.environments.list_previews_of(EnvironmentId("staging"))) == std::vector<std::string>{"pr-7"});
    const auto remove = [&](const std::string& id, int when) {
        return f.database->write(
            [&](Transaction& transaction) { return f.environments.remove(transaction, EnvironmentId(id), at(when)); });
    };
    CHECK(remove("staging", 1).error().kind == ErrorKind::conflict);
    CHECK(remove("e-pr-7", 2).has_value());
    CHECK(remove("e-pr-7", 3).has_value());
    CHECK(f.environments.find_past(shop, "pr-7").value() == EnvironmentId("e-pr-7"));
    auto again = f.preview("pr-7", 7);
    again.id = EnvironmentId("e-second");
    REQUIRE(f.insert(again).has_value());
    CHECK(f.environments.find_past(shop, "pr-7").value() == EnvironmentId("e-pr-7"));
    CHECK(remove("e-second", 4).has_value());
    CHECK(f.environments.find_past(shop, "pr-7").value() == EnvironmentId("e-second"));
    CHECK(remove("staging", 5).has_value());
    CHECK_FALSE(f.environments.find_past(shop, "never").value().has_value());
}

TEST_CASE("a project with environments cannot be removed")
{
    Fixture f;
    const auto removed =
        f.database->write([&](Transaction& transaction) { return Projects(*f.database).remove(transaction, shop); });
    CHECK(removed.error().kind == ErrorKind::conflict);
}

}  // namespace ramet::storage
