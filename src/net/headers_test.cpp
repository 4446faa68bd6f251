#include "net/headers.hpp"

#include <doctest/doctest.h>

namespace ramet::net {

TEST_CASE("header names are looked up without regard to case")
{
    Headers headers{{"Content-Type", "text/plain"}, {"Set-Cookie", "a"}, {"set-cookie", "b"}};
    CHECK(headers.get("CONTENT-TYPE") == "text/plain");
    CHECK(headers.get("set-Cookie") == "a");
    CHECK(headers.get("none", "fallback") == "fallback");
    CHECK_FALSE(headers.contains("Content"));
    headers.set("SET-COOKIE", "c");
    CHECK(headers.size() == 2);
    CHECK(headers.get("Set-Cookie") == "c");
    headers.remove("content-type");
    CHECK_FALSE(headers.contains("Content-Type"));
}

TEST_CASE("only letters lose their case")
{
    CHECK(equals_ignoring_case("a-Z[", "A-z["));
    CHECK_FALSE(equals_ignoring_case("[", "{"));
    CHECK_FALSE(equals_ignoring_case("a", "ab"));
}

TEST_CASE("what would break the shape of a message is no field")
{
    struct Case {
        std::string_view name, value;
        bool want;
    };
    const Case cases[] = {{"X-A", "b", true},     {"X-A", "", true},      {"", "b", false},
                          {"X A", "b", false},    {"X:A", "b", false},    {"X\r\nA", "b", false},
                          {"X-A", "b\rc", false}, {"X-A", "b\nc", false}, {"X-A", std::string_view("b\0c", 3), false},
                          {"X-A", "é", true},     {"Ä", "b", false}};
    for (const auto& [name, value, want] : cases) {
        CAPTURE(name);
        CAPTURE(value);
        CHECK(is_valid_field(name, value) == want);
    }
}

}  // namespace ramet::net
