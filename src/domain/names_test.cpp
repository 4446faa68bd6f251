#include "domain/names.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace ramet;

namespace {

void check_all(Result<void> (*check)(std::string_view), std::initializer_list<std::string_view> good,
               std::initializer_list<std::string_view> bad)
{
    for (const auto text : good) {
        CAPTURE(text);
        CHECK(check(text).has_value());
    }
    for (const auto text : bad) {
        CAPTURE(text);
        const auto result = check(text);
        CHECK_FALSE(result.has_value());
        if (!result) CHECK(result.error().kind == ErrorKind::invalid);
    }
}

}  // namespace

TEST_CASE("names are DNS labels")
{
    check_all(check_name, {"web", "a", "api-2", "x1"},
              {"", "Web", "1x", "-x", "x-", "a_b", "a.b", "a b", "a\n", std::string_view("a\0", 2),
               "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"});
}

TEST_CASE("variables that change how programs are loaded and those of Ramet cannot be set")
{
    check_all(check_variable_name, {"LOG_LEVEL", "_x", "a1", "HOSTNAME", "PORTS", "LDX", "ENVIRONMENT"},
              {"", "1A", "A-B", "A B", "LD_PRELOAD", "LD_", "GCONV_PATH", "BASH_ENV", "ENV", "IFS", "HOST", "PORT",
               "RAMET_URL", "A=B", "Ä"});
}

TEST_CASE("secrets have names that need no quoting")
{
    check_all(check_secret_name, {"stripe-test", "STRIPE_KEY", "a.b"}, {"", "-a", ".a", "a b", "a/b", "a\n"});
}

TEST_CASE("text for programs never looks like an option")
{
    check_all(check_argument, {"main", "feature/x", "registry.example.com/a:1"},
              {"", "--upload-pack=x", "-b", "a\nb", "a\rb"});
}

TEST_CASE("a branch is one ref of git")
{
    check_all(check_branch, {"main", "feature/x", "renovate/npm-@types", "a.b", "1.x", "Zweig/grün", "a{b}"},
              {"",
               "-x",
               "a\nb",
               "a b",
               "a..b",
               "a~1",
               "a^",
               "main:refs/heads/x",
               "*",
               "a?",
               "a[b",
               "a\\b",
               "/a",
               "a/",
               "a//b",
               "a.",
               ".a",
               "a/.b",
               "a.lock",
               "a.lock/b",
               "@",
               "a@{1}",
               std::string(300, 'a')});
}

TEST_CASE("hosts hold no line break")
{
    check_all(check_host, {"example.com", "a-b.example.com", "127.0.0.1", "*.example.com"},
              {"", "a b", "a\r\nX: y", "a..b", "-a", "http://x"});
}

TEST_CASE("addresses that read files or run programs are refused")
{
    check_all(check_repository_address,
              {"https://git.test/a/b.git", "http://127.0.0.1:3000/a/b", "ssh://git@git.test/a", "/srv/a.git"},
              {"", "file:///etc", "FILE:/etc", "ext::sh -c x", "javascript:alert(1)", "fd::17", "-x", "/srv/a\nb",
               "a/b", "../a"});
    check_all(check_url, {"https://example.com/x.git", "registry.example.com/shop"},
              {"file:///etc/passwd", "FILE:///x", "ext::sh -c x", "javascript:alert(1)", "-x", "https://a\n"});
}
