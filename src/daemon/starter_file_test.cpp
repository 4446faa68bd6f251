// What `ramet init` writes is a project file that Ramet takes as it is.
#include "cli/starter_file.hpp"

#include "config/parse.hpp"

#include <doctest/doctest.h>

namespace ramet::daemon {

TEST_CASE("every first ramet.yaml is valid")
{
    using Service = cli::Repository::Service;
    const Service web{"web", "npm ci && npm run \"build\"", "npm start", "package.json", true};
    const Service worker{"worker", {}, "./work --all", "Procfile", false};
    struct Case {
        std::string story;
        cli::Repository repository;
    };
    const Case cases[] = {
        {"nothing found", {.name = "app"}},
        {"one service", {.name = "shop", .branch = "main", .services = {web}}},
        {"several services", {.name = "shop", .branch = "release/1.0", .services = {web, worker}}},
        {"databases", {.name = "shop", .services = {web, worker}, .uses_postgres = true, .uses_redis = true}},
        {"only Redis", {.name = "shop", .uses_redis = true}},
    };
    for (const auto& [story, repository] : cases) {
        CAPTURE(story);
        const auto text = cli::starter_file(repository);
        const auto parsed = config::parse_project_file_fully(text, "ramet.yaml");
        if (!parsed)
            for (const auto& error : parsed.error()) FAIL_CHECK(error.where << ": " << error.message << "\n" << text);
    }
}

}  // namespace ramet::daemon
