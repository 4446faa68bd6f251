#include "storage/projects.hpp"

#include "storage/storage_test_support.hpp"

namespace ramet::storage {
namespace {

Project full_project()
{
    return {
        .id = ProjectId("p-1"),
        .name = "shop",
        .repository_url = "https://git.example.com/acme/shop.git",
        .connection =
            {"c-1", "gitea", "https://git.example.com", {"acme", "shop"}, {"s-1", 2, ""}, {"s-2", 1, ""}, "installed"},
        .trusted_branch = "develop",
        .trusted_commit = CommitSha(std::string(40, 'a')),
        .file_name = "ci/ramet.yaml",
        .file_text = "version: 1\n",
        .target_here = true,
        .poll_state = "{}",
        .created_at = at(1)};
}

}  // namespace

TEST_CASE("a project is read back as it was written")
{
    TestDatabase database;
    Projects projects(*database);
    const auto project = full_project();
    must_write(database, [&](Transaction& transaction) { return projects.insert(transaction, project); });
    database.reopen();
    Projects again(*database);
    CHECK(again.get(project.id).value() == project);
    CHECK(again.find_by_name("shop").value() == project);
    CHECK(again.find_by_connection("gitea", "c-1").value() == project);
    CHECK_FALSE(again.find_by_connection("github", "c-1").value().has_value());
    CHECK_FALSE(again.find_by_name("other").value().has_value());
    CHECK(again.get(ProjectId("none")).error().kind == ErrorKind::not_found);
    CHECK(again.list()->size() == 1);
}

TEST_CASE("names and connections of projects are unique, absent connections are not")
{
    TestDatabase database;
    Projects projects(*database);
    must_write(database, [&](Transaction& transaction) -> Result<void> {
        TRY(projects.insert(transaction, full_project()));
        TRY(projects.insert(transaction, {.id = ProjectId("p-2"), .name = "local"}));
        return projects.insert(transaction, {.id = ProjectId("p-3"), .name = "local too"});
    });
    auto same_name = full_project();
    same_name.id = ProjectId("p-4");
    same_name.connection = {};
    auto same_connection = full_project();
    same_connection.id = ProjectId("p-5");
    same_connection.name = "another";
    for (const auto& taken : {same_name, same_connection}) {
        const auto written =
            database->write([&](Transaction& transaction) { return projects.insert(transaction, taken); });
        CHECK(written.error().kind == ErrorKind::conflict);
    }
}

TEST_CASE("an update writes the file and the connection, and leaves what the poller saw")
{
    TestDatabase database;
    Projects projects(*database);
    auto project = full_project();
    must_write(database, [&](Transaction& transaction) { return projects.insert(transaction, project); });
    project.file_text = "version: 1\nproject: shop\n";
    project.trusted_commit = CommitSha(std::string(40, 'b'));
    project.connection.webhook_state = "polling only: no public URL";
    must_write(database, [&](Transaction& transaction) -> Result<void> {
        TRY(projects.set_poll_state(transaction, project.id, "seen"));
        return projects.update(transaction, project);
    });
    project.poll_state = "seen";
    CHECK(projects.get(project.id).value() == project);
    project.id = ProjectId("none");
    const auto absent =
        database->write([&](Transaction& transaction) { return projects.update(transaction, project); });
    CHECK(absent.error().kind == ErrorKind::not_found);
}

TEST_CASE("a project that was removed is gone")
{
    TestDatabase database;
    Projects projects(*database);
    must_write(database, [&](Transaction& transaction) -> Result<void> {
        TRY(projects.insert(transaction, full_project()));
        return projects.remove(transaction, ProjectId("p-1"));
    });
    CHECK(projects.list()->empty());
}

}  // namespace ramet::storage
