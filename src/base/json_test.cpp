#include "base/json.hpp"

#include <doctest/doctest.h>

#include <limits>

using namespace ramet;

namespace {

Json parsed(std::string_view text)
{
    return parse_json(text).value();
}

std::string nested(std::size_t depth)
{
    return std::string(depth, '[') + std::string(depth, ']');
}

}  // namespace

TEST_CASE("strict JSON is read")
{
    for (const std::string_view text : {"null", " 1 ", "-0.5", "\"a\\u00e9\"", "[]", "{\"a\":[1,{\"b\":true}]}"}) {
        CAPTURE(text);
        CHECK(parse_json(text));
    }
}

TEST_CASE("what is not strict JSON is refused with the place")
{
    struct Case {
        std::string_view text;
        std::string_view place;
    };
    const Case cases[] = {
        {"", "byte 0"},      {"{\"a\":}", "byte 5"}, {"[1,]", "byte 3"},
        {"[1] x", "byte 4"}, {"{\"a\":1", "byte 6"}, {"// no\n1", "byte 0"},
        {"NaN", "byte 0"},   {"\"\xff\"", "byte 1"}, {"'a'", "byte 0"},
    };
    for (const auto& [text, place] : cases) {
        CAPTURE(text);
        const auto value = parse_json(text);
        REQUIRE(!value);
        CHECK(value.error().kind == ErrorKind::invalid);
        CHECK_MESSAGE(value.error().message.contains(place), value.error().message);
    }
}

TEST_CASE("nesting is limited to 64 levels")
{
    CHECK(parse_json(nested(64)));
    CHECK(!parse_json(nested(65)));
    CHECK(!parse_json(std::string(1'000'000, '[')));
}

TEST_CASE("one line keeps the order of insertion, the canonical form sorts")
{
    const auto value = parsed(R"({"b":1,"a":[{"d":"\"x\"","c":null}]})");
    CHECK(to_text(value) == R"({"b":1,"a":[{"d":"\"x\"","c":null}]})");
    CHECK(to_canonical_text(value) == R"({"a":[{"c":null,"d":"\"x\""}],"b":1})");
}

TEST_CASE("one line is what the library itself would write, for every character and kind of number")
{
    for (int code = 0; code < 128; ++code) {
        const std::string text = "a" + std::string(1, static_cast<char>(code)) + "b";
        CAPTURE(code);
        CHECK(to_text(Json(text)) == json::serialize(Json(text)));
        CHECK(to_text(json::object{{text, 1}}) == json::serialize(json::object{{text, 1}}));
    }
    for (const std::string_view text :
         {R"({"é€😀":["😀",""],"":{}})", "[0,-1,1.5,-0.0,1e300,9223372036854775807,-9223372036854775808]",
          "18446744073709551615", "[[],[[]],{},{\"a\":{}}]", "[true,false,null]"}) {
        CAPTURE(text);
        CHECK(to_text(parsed(text)) == json::serialize(parsed(text)));
    }
}

TEST_CASE("equal values have one canonical form")
{
    CHECK(to_canonical_text(parsed(R"({"x":{"b":1,"a":2},"y":[]})")) ==
          to_canonical_text(parsed(R"( {"y":[ ], "x":{"a":2,"b":1}} )")));
    CHECK(to_canonical_text(Json(std::uint64_t{7})) == to_canonical_text(Json(std::int64_t{7})));
    CHECK(to_canonical_text(Json(json::object{})) == "{}");
}

TEST_CASE("the pretty form is indented and leaves empty blocks on one line")
{
    CHECK(to_pretty_text(parsed(R"({"a":[1,1.5,"x"],"b":{},"c":[]})")) ==
          "{\n  \"a\": [\n    1,\n    1.5,\n    \"x\"\n  ],\n  \"b\": {},\n  \"c\": []\n}");
}

TEST_CASE("lenient access gives the fallback for what is missing or of another type")
{
    const auto value =
        parsed(R"({"name":"web","port":80,"big":18446744073709551615,"on":true,"half":0.5,"whole":2.0})");
    CHECK(get_string(value, "name") == "web");
    CHECK(get_string(value, "port", "none") == "none");
    CHECK(get_string(value, "absent").empty());
    CHECK(get_int(value, "port") == 80);
    CHECK(get_int(value, "big", -1) == -1);
    CHECK(get_int(value, "half", -1) == -1);
    CHECK(get_int(value, "whole", -1) == 2);
    CHECK(get_bool(value, "on"));
    CHECK(get_bool(value, "name", true));
    CHECK(get_int(Json("not an object"), "port", 7) == 7);
    CHECK(get_member(Json(), "a").is_null());
    CHECK(get_member(get_member(value, "a"), "b").is_null());
}

TEST_CASE("strict access names the key that is missing or of another type")
{
    const auto value = parsed(R"({"name":"web","port":80})");
    CHECK(require_string(value, "name").value() == "web");
    CHECK(require_int(value, "port").value() == 80);
    CHECK(require_string(value, "port").error() ==
          Error{ErrorKind::invalid, "'port' must be a string, not int64", "", "", "/port"});
    CHECK(require_int(value, "replicas").error() ==
          Error{ErrorKind::invalid, "'replicas' is missing: a whole number is needed", "", "", "/replicas"});
}

TEST_CASE("a number that no double holds is refused, wherever it stands")
{
    for (const std::string text : {"1e400", "[-1e400]", R"({"a":[{"b":1e999}]})"}) {
        CAPTURE(text);
        const auto read = parse_json(text);
        REQUIRE_FALSE(read);
        CHECK(read.error().kind == ErrorKind::invalid);
    }
    CHECK(parse_json("[1e300,-1e-400]").has_value());
}
