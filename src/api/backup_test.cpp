#include "api/api_house.hpp"
#include "base/tar.hpp"

namespace ramet::api {

using namespace testing;

TEST_CASE("an administrator of all projects gets a backup, and the audit log says so")
{
    ApiHouse api;
    api.house.connect();
    const auto reply = api.call("GET", "/api/v1/backup");
    REQUIRE(reply.status == 200);
    CHECK(reply.headers.get("Content-Type") == "application/x-tar");
    const auto files = must(parse_tar(reply.body));
    REQUIRE(files.size() == 3);
    CHECK(files[2].content.starts_with("SQLite format 3"));
    CHECK(std::ranges::count_if(api.house.audited(), [](const auto& line) { return line.starts_with("backup "); }) ==
          1);
    CHECK_FALSE(std::filesystem::exists(api.house.directory / "state" / "backup.tmp"));
}

TEST_CASE("a backup is of all projects: nobody less gets one")
{
    ApiHouse api;
    api.house.connect();
    struct Case {
        std::string story;
        app::NewToken token;
    };
    const Case cases[] = {
        {"a viewer", {.name = "v", .role = app::Role::viewer}},
        {"a deployer", {.name = "d", .role = app::Role::deployer}},
        {"an administrator of one project", {.name = "a", .role = app::Role::admin, .project = "shop"}},
    };
    for (const auto& [story, token] : cases) {
        CAPTURE(story);
        const auto reply = api.call("GET", "/api/v1/backup", {.token = api.token(token)});
        CHECK(reply.status == 403);
        CHECK_FALSE(reply.body.contains("SQLite"));
    }
}

}  // namespace ramet::api
