#include "net/host.hpp"

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <optional>

namespace ramet::net {

namespace {

std::optional<std::string> normalised(std::string_view field)
{
    std::string host = "left over";
    return normalise_host(field, host) ? std::optional(host) : std::nullopt;
}

}  // namespace

TEST_CASE("a host loses its case, its port and the dot at its end")
{
    struct Case {
        std::string_view field;
        std::optional<std::string> want;
    };
    const Case cases[] = {
        {"web-pr-42.localhost", "web-pr-42.localhost"},
        {"WEB-PR-42.LocalHost", "web-pr-42.localhost"},
        {"web.localhost:8080", "web.localhost"},
        {"web.localhost.", "web.localhost"},
        {"web.localhost.:80", "web.localhost"},
        {"web.localhost:", "web.localhost"},
        {"under_score.test", "under_score.test"},
        {"127.0.0.1:80", "127.0.0.1"},
        {"[::1]:80", "[::1]"},
        {"[FE80::1]", "[fe80::1]"},
        {"", std::nullopt},
        {".", std::nullopt},
        {":80", std::nullopt},
        {"a..b", std::nullopt},
        {".a", std::nullopt},
        {"a..", std::nullopt},
        {"a b", std::nullopt},
        {"a/b", std::nullopt},
        {"a@b", std::nullopt},
        {"a:80:90", std::nullopt},
        {"a:x", std::nullopt},
        {"a:123456", std::nullopt},
        {"a\r\nb", std::nullopt},
        {"wéb", std::nullopt},
        {"[::1", std::nullopt},
        {"[]", std::nullopt},
        {"[::1]x", std::nullopt},
        {"[a.test]", std::nullopt},
    };
    for (const auto& [field, want] : cases) {
        CAPTURE(field);
        CHECK(normalised(field) == want);
    }
    CHECK(normalised(std::string(253, 'a')));
    CHECK_FALSE(normalised(std::string(254, 'a')));
}

TEST_CASE("whatever comes in, what comes out is a fixed point without anything that breaks a line or a page")
{
    CHECK(rc::check("normalised hosts", [] {
        const auto alphabet = rc::gen::elementOf(std::string("aZ09-._:[]@/<>\"' \r\n\t\x80\xff") + '\0');
        const auto field = *rc::gen::container<std::string>(alphabet);
        const auto host = normalised(field);
        if (!host) return;
        RC_ASSERT(normalised(*host) == host);
        RC_ASSERT(host->find_first_of(std::string_view("\r\n\t <>\"'@/\0", 11)) == std::string::npos);
    }));
}

TEST_CASE("a name that is one already only loses its decoration")
{
    CHECK(rc::check("decorated hosts", [] {
        const auto name =
            *rc::gen::nonEmpty(rc::gen::container<std::string>(rc::gen::elementOf(std::string("abcxyz0189-"))));
        RC_PRE(name.size() < 254);
        auto shown = name;
        for (char& c : shown)
            if (*rc::gen::arbitrary<bool>()) c = static_cast<char>(std::toupper(c));
        if (*rc::gen::arbitrary<bool>()) shown += '.';
        if (*rc::gen::arbitrary<bool>()) shown += ":" + std::to_string(*rc::gen::inRange(0, 65536));
        RC_ASSERT(normalised(shown) == name);
    }));
}

}  // namespace ramet::net
