// What `ramet init` finds and writes.
#include "cli/starter_file.hpp"
#include "cli/test_commands.hpp"
#include "support/temporary.hpp"

#include "base/text.hpp"

#include <doctest/doctest.h>

namespace ramet::cli {

using namespace testing;
using ramet::testing::TemporaryDirectory;

namespace {

std::string describe(const Repository& found)
{
    std::string text;
    for (const auto& service : found.services)
        text +=
            fmt::format("{}: {} > {}{} ", service.name, service.build, service.run, service.has_port ? " :port" : "");
    if (found.uses_postgres) text += "postgres ";
    if (found.uses_redis) text += "redis ";
    return std::string(trim(text));
}

}  // namespace

TEST_CASE("what a repository is made of is found in its files")
{
    struct Case {
        std::string story;
        std::vector<std::pair<std::string, std::string>> files;
        std::string want;
    };
    const Case cases[] = {
        {"nothing", {}, ""},
        {"a Procfile",
         {{"Procfile", "# processes\nrelease: ./migrate\nweb: ./serve --port $PORT\nworker: ./work\n"}},
         "web:  > ./serve --port $PORT :port worker:  > ./work"},
        {"a locked package",
         {{"package.json", R"({"scripts":{"start":"node .","build":"tsc"},"dependencies":{"pg":"8","redis":"4"}})"},
          {"package-lock.json", "{}"}},
         "web: npm ci && npm run build > npm start :port postgres redis"},
        {"a package without a build",
         {{"package.json", R"({"scripts":{"start":"node ."}})"}},
         "web: npm install > npm start :port"},
        {"a library", {{"package.json", R"({"scripts":{"test":"x"}})"}}, ""},
        {"a broken package", {{"package.json", "{"}}, ""},
        {"Go",
         {{"go.mod", "module x\nrequire github.com/jackc/pgx/v5 v5.0.0\n"}},
         "web: go build -o app . > ./app :port postgres"},
        {"a compose file",
         {{"docker-compose.yml", "services: {db: {image: postgres:15}, c: {image: redis:7}}"}},
         "postgres redis"},
        {"a Procfile counts before a package",
         {{"Procfile", "web: ./x\n"}, {"package.json", R"({"scripts":{"start":"y"}})"}},
         "web:  > ./x :port"},
    };
    for (const auto& [story, files, want] : cases) {
        CAPTURE(story);
        const TemporaryDirectory directory;
        for (const auto& [name, text] : files) directory.write(name, text);
        CHECK(describe(inspect_repository(directory.path())) == want);
    }
}

TEST_CASE("the project is named after its directory, the base follows the present branch")
{
    struct Case {
        std::string directory, want;
    };
    const Case cases[] = {{"shop", "shop"}, {"My Shop_2", "my-shop-2"}, {"42", "app"}, {"...", "app"}};
    for (const auto& [name, want] : cases) {
        CAPTURE(name);
        const TemporaryDirectory directory;
        directory.write(Path(name) / ".git/HEAD", "ref: refs/heads/trunk\n");
        const auto found = inspect_repository(directory / name);
        for (const auto* same : {".", "", "./"}) CHECK(inspect_repository(directory / name / same).name == want);
        CHECK(found.name == want);
        CHECK(found.branch == "trunk");
        CHECK(starter_file(found).contains("staging: {branch: \"trunk\", target: here}"));
    }
}

TEST_CASE("init writes a file once, and never over one that is there")
{
    const TemporaryDirectory directory;
    directory.write("Procfile", "web: ./serve\n");
    const auto first = run({"init", directory.path().string(), "-o", "json"});
    CHECK(first.code == 0);
    CHECK(first.output.contains("\"file\""));
    CHECK(first.errors.contains("web (Procfile)"));
    const auto written = read_file(directory / "ramet.yaml").value();
    CHECK(written == starter_file(inspect_repository(directory.path())));
    directory.write("ramet.yaml", "mine");
    const auto second = run({"init", directory.path().string()});
    CHECK(second.code == 5);
    CHECK(second.errors.contains("exists: nothing was written"));
    CHECK(read_file(directory / "ramet.yaml") == "mine");
    CHECK(run({"init", (directory / "nowhere").string()}).code != 0);
}

}  // namespace ramet::cli
