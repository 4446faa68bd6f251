#include "daemon/held_git.hpp"

#include <doctest/doctest.h>

using namespace ramet;
using namespace ramet::daemon;

TEST_CASE("git follows no redirect and keeps the settings that it was given")
{
    const auto held =
        hold({.url = "http://127.0.0.1:3000/a/b.git",
              .environment = {{"GIT_CONFIG_COUNT", "1"}, {"GIT_CONFIG_KEY_0", "a.b"}, {"GIT_CONFIG_VALUE_0", "c"}}});
    REQUIRE(held);
    CHECK(held->environment == std::map<std::string, std::string>{{"GIT_CONFIG_COUNT", "2"},
                                                                  {"GIT_CONFIG_KEY_0", "a.b"},
                                                                  {"GIT_CONFIG_VALUE_0", "c"},
                                                                  {"GIT_CONFIG_KEY_1", "http.followRedirects"},
                                                                  {"GIT_CONFIG_VALUE_1", "false"}});
}

TEST_CASE("git is held to the addresses that a name had when it was checked")
{
    const auto held = hold({.url = "http://localhost:3000/a/b.git"});
    REQUIRE(held);
    CHECK(held->environment.at("GIT_CONFIG_KEY_1") == "http.curloptResolve");
    CHECK(held->environment.at("GIT_CONFIG_VALUE_1").starts_with("localhost:3000:"));
}

TEST_CASE("a directory needs no settings, and metadata is refused before git runs")
{
    const auto here = hold({.url = "/srv/a.git"});
    REQUIRE(here);
    CHECK(here->environment.empty());
    const auto denied = hold({.url = "http://169.254.169.254/a.git"});
    REQUIRE_FALSE(denied);
    CHECK(denied.error().kind == ErrorKind::egress_denied);
}
