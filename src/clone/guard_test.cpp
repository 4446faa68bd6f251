#include "clone/guard.hpp"

#include <doctest/doctest.h>

using namespace ramet;
using namespace ramet::clone;

namespace {

const std::vector<Fingerprints> production = {{.environment = "production",
                                               .addresses = {"127.0.0.1:20010"},
                                               .database_names = {"shop"},
                                               .roles = {"shop"},
                                               .public_hosts = {"web-production.localhost"},
                                               .secret_hashes = {"live"}}};

DesiredEnvironment preview(std::vector<ResolvedVariable> env)
{
    DesiredEnvironment desired;
    desired.name = "pr-42";
    desired.services = {DesiredService{.name = "api", .declared = {}, .env = std::move(env)}};
    return desired;
}

}  // namespace

TEST_CASE("a clone with the original's names at its own address is safe")
{
    const auto desired = preview({{"DATABASE_URL",
                                   {std::string("postgres://shop:"), SecretReference{"s", 1, "db password"},
                                    std::string("@"), OutputReference{"database/db", "host"}, std::string(":"),
                                    OutputReference{"database/db", "port"}, std::string("/shop")}}});
    CHECK(check_original_is_safe({.desired = desired, .protected_environments = production}).has_value());
}

TEST_CASE("every violation is told at once, with service, variable and what it reaches")
{
    auto desired =
        preview({{"A", {std::string("postgres://x:y@127.0.0.1:20010/z")}},
                 {"B", {std::string("redis://"), SecretReference{"s", 2, "live key"}, std::string("@cache:1/0")}}});
    desired.services[0].public_hosts = {"web-production.localhost"};
    desired.jobs = {
        DesiredJob{.name = "seed", .declared = {}, .env = {{"C", {std::string("https://web-production.localhost/")}}}}};
    const GuardInput input{
        .desired = desired, .protected_environments = production, .secrets = {{{"s", 2}, {.keyed_hash = "live"}}}};
    const auto result = check_original_is_safe(input);
    REQUIRE_FALSE(result.has_value());
    CHECK(result.error().kind == ErrorKind::refused);
    CHECK(result.error().message ==
          "pr-42 would reach a protected environment: api.A reaches the address 127.0.0.1:20010 of production; "
          "api.B reaches the value of a secret of production; api reaches the public host web-production.localhost "
          "of production; seed.C reaches the public host web-production.localhost of production");
}

TEST_CASE("what a secret's plaintext reaches counts, and the plaintext is not told")
{
    const auto desired = preview({{"URL", {SecretReference{"s", 1, "url"}}}});
    const GuardInput input{
        .desired = desired,
        .protected_environments = production,
        .secrets = {
            {{"s", 1}, {.keyed_hash = "x", .reaches = {{ReachKind::address, "production", "127.0.0.1:20010"}}}}}};
    const auto report = inspect_reach(input);
    REQUIRE(report.violations.size() == 1);
    CHECK(report.violations[0].variable == "URL");
}

TEST_CASE("allow_reach accepts by variable, or by service and variable, and nothing else")
{
    const auto desired = preview({{"A", {std::string("127.0.0.1:20010")}}, {"B", {std::string("127.0.0.1:20010")}}});
    struct Case {
        std::vector<std::string> allowed;
        std::size_t violations;
    };
    const Case cases[] = {{{}, 2}, {{"A"}, 1}, {{"api.A", "B"}, 0}, {{"web.A"}, 2}, {{"production"}, 2}};
    for (const auto& [allowed, violations] : cases) {
        const auto report =
            inspect_reach({.desired = desired, .protected_environments = production, .allow_reach = allowed});
        CHECK(report.violations.size() == violations);
        CHECK(report.accepted.size() == 2 - violations);
    }
}

TEST_CASE("sharing an instance of a protected base is refused even when no variable says so")
{
    auto desired = preview({});
    desired.databases = {DesiredDatabase{.name = "db", .declared = {}, .strategy = DataStrategy::shared}};
    CHECK(check_original_is_safe({.desired = desired, .protected_environments = production}).has_value());
    const auto result = check_original_is_safe(
        {.desired = desired, .protected_environments = production, .protected_base = "production"});
    CHECK(result.error().message.find("db reaches the address database db of production") != std::string::npos);
}
