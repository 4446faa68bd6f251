#include "net/url.hpp"

#include <doctest/doctest.h>
#include <rapidcheck.h>

namespace ramet::net {

TEST_CASE("percent escapes are decoded, broken ones refused")
{
    struct Case {
        std::string_view text;
        std::optional<std::string> want;
    };
    const Case cases[] = {{"", ""},
                          {"abc", "abc"},
                          {"%41%62", "Ab"},
                          {"a%2Fb", "a/b"},
                          {"+", "+"},
                          {"%", std::nullopt},
                          {"%4", std::nullopt},
                          {"%zz", std::nullopt},
                          {"%00", std::nullopt},
                          {"%C3%a9", "é"}};
    for (const auto& [text, want] : cases) {
        CAPTURE(text);
        CHECK(decode_percent(text) == want);
    }
}

TEST_CASE("whatever is encoded is decoded again")
{
    CHECK(rc::check("percent round trip", [](const std::string& text) {
        RC_PRE(!text.contains('\0'));
        RC_ASSERT(decode_percent(encode_percent(text)) == text);
    }));
}

TEST_CASE("a query is names and values")
{
    const auto query = parse_query("a=1&b=x+y%26&&c&=d&a=2");
    REQUIRE(query);
    CHECK(*query == QueryParameters{{"a", "1"}, {"b", "x y&"}, {"c", ""}, {"", "d"}, {"a", "2"}});
    CHECK_FALSE(parse_query("a=%"));
    CHECK(parse_query("")->empty());
}

TEST_CASE("a path is its decoded segments")
{
    struct Case {
        std::string_view path;
        std::vector<std::string> want;
    };
    const Case cases[] = {
        {"/", {}},      {"/a", {"a"}}, {"/a/", {"a"}}, {"/a/b%2Fc", {"a", "b/c"}}, {"/a//b", {"a", "", "b"}},
        {"/..", {".."}}};
    for (const auto& [path, want] : cases) {
        CAPTURE(path);
        CHECK(parse_path(path) == want);
    }
    CHECK_FALSE(parse_path("/a/%"));
}

}  // namespace ramet::net
