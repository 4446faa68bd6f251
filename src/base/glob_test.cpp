#include "base/text.hpp"

#include <doctest/doctest.h>
#include <rapidcheck.h>

using namespace ramet;

TEST_CASE("a pattern matches whole paths")
{
    struct Case {
        std::string_view pattern, path;
        bool want;
    };
    const Case cases[] = {
        {"web/main.c", "web/main.c", true},
        {"web/main.c", "web/main.cc", false},
        {"*.md", "README.md", true},
        {"*.md", "docs/README.md", false},
        {"**/*.md", "docs/guide/a.md", true},
        {"**/*.md", "a.md", true},
        {"web/**", "web/a/b/c", true},
        {"web/**", "website/a", false},
        {"web/**/test.py", "web/test.py", true},
        {"web/**/test.py", "web/a/b/test.py", true},
        {"web/**/test.py", "web/latest.py", false},
        {"?eb/*", "web/x", true},
        {"?eb", "/eb", false},
        {"a**z", "a/b/z", true},
        {"*", "", true},
        {"", "", true},
        {"", "a", false},
        {"**", "a/b", true},
        {"feature-*", "feature-1/x", false},
    };
    for (const auto& [pattern, path, want] : cases) {
        CAPTURE(pattern);
        CAPTURE(path);
        CHECK(matches_glob(pattern, path) == want);
    }
}

TEST_CASE("a hostile pattern takes no longer than a plain one")
{
    std::string pattern;
    for (int i = 0; i < 200; ++i) pattern += "*a";
    CHECK_FALSE(matches_glob(pattern + "b", std::string(2000, 'a')));
}

TEST_CASE("a path without wildcards matches itself, and ** matches anything")
{
    CHECK(rc::check([] {
        const auto path = *rc::gen::container<std::string>(rc::gen::elementOf(std::string("ab/.")));
        RC_ASSERT(matches_glob(path, path));
        RC_ASSERT(matches_glob("**", path));
    }));
}
