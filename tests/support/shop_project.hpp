#pragma once

#include "base/file.hpp"
#include "clone/clone.hpp"
#include "config/parse.hpp"

#include <doctest/doctest.h>

#include <cstdlib>
#include <fstream>

namespace ramet::clone::testing {

inline std::filesystem::path data_path(const std::string& name)
{
    return std::filesystem::path(RAMET_SOURCE_DIR) / "tests/data/clone" / name;
}

inline std::string shop_text()
{
    return read_file(data_path("shop.yaml")).value();
}

inline ProjectFile parsed(const std::string& text)
{
    auto file = config::parse_project_file(text, "ramet.yaml");
    if (!file) FAIL(file.error().where << ": " << file.error().message);
    return *file;
}

inline std::string replaced(std::string text, const std::string& what, const std::string& by)
{
    const auto at = text.find(what);
    REQUIRE(at != std::string::npos);
    return text.replace(at, what.size(), by);
}

inline StoredValues shop_values()
{
    StoredValues stored;
    using namespace variables;
    stored.secrets = {
        {.reference = {"s-test", 3, "stripe-test"}, .place = {Layer::base, variables::Scope::project}},
        {.reference = {"s-sandbox", 1, "stripe-sandbox"}, .place = {Layer::base, variables::Scope::project}}};
    stored.generated = {{"vars.SESSION_KEY", SecretReference{"g-1", 1, "SESSION_KEY"}}};
    stored.passwords = {{"db", {"p-db", 1, "db password"}}, {"cache", {"p-cache", 1, "cache password"}}};
    return stored;
}

/// Pull request 42 on the shop, whose api changed.
inline CloneInput shop_input(const std::string& proposed)
{
    CloneInput input;
    input.trusted = parsed(shop_text());
    input.proposed = parsed(proposed);
    input.base = {
        .id = EnvironmentId("env-staging"), .project = ProjectId("project-1"), .name = "staging", .target = "here"};
    input.revision = {.commit = CommitSha(std::string(40, 'b')),
                      .branch = "feature/x",
                      .repository_url = "https://git.example.com/acme/shop.git",
                      .pull_request = variables::PullRequestFacts{.number = 42, .author = "alice"}};
    input.base_commit = CommitSha(std::string(40, 'a'));
    input.base_trees = {{"web", "tw"},     {"api", "ta"},  {"worker", "ta"}, {"reports", "ta"},
                        {"migrate", "ta"}, {"seed", "ta"}, {"mail", "tm"}};
    input.preview_trees = input.base_trees;
    input.preview_trees["api"] = "tb";
    input.shared = {{"mail", {.host = "127.0.0.1", .port = "20001"}}};
    input.around = {.id = EnvironmentId("env-42"),
                    .project = ProjectId("project-1"),
                    .generation = 1,
                    .public_address = {.scheme = "http", .port = 8080},
                    .stored = shop_values()};
    return input;
}

inline CloneInput shop_input()
{
    return shop_input(shop_text());
}

inline BaseInput shop_base()
{
    auto input = shop_input();
    return {
        .file = input.trusted,
        .environment = "staging",
        .revision = {.commit = input.base_commit, .branch = "develop", .repository_url = input.revision.repository_url},
        .trees = input.base_trees,
        .around = {.id = input.base.id,
                   .project = input.base.project,
                   .generation = 1,
                   .public_address = input.around.public_address,
                   .stored = shop_values()}};
}

/// Compares with a committed file; RAMET_ACCEPT=1 writes it instead.
inline void check_golden(const std::string& name, const std::string& text)
{
    const auto path = data_path(name);
    if (std::getenv("RAMET_ACCEPT") != nullptr) {
        std::ofstream(path) << text;
        return;
    }
    CAPTURE(name);
    CHECK(read_file(path).value_or("") == text);
}

}  // namespace ramet::clone::testing
