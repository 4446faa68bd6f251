#include "config/yaml_json.hpp"

#include <doctest/doctest.h>

#include <string>

namespace ramet::config {

namespace {

std::string as_json(std::string_view text)
{
    const auto tree = parse_yaml(text, "file.yaml");
    REQUIRE(tree.errors.empty());
    return to_text(to_json(tree.root));
}

}  // namespace

TEST_CASE("plain scalars are what the core schema says, quoted ones are texts")
{
    struct Row {
        std::string_view yaml, json;
    };
    for (const auto& [yaml, expected] : std::initializer_list<Row>{{"1", "1"},
                                                                   {"-17", "-17"},
                                                                   {"+5", "5"},
                                                                   {"0x1F", "31"},
                                                                   {"0o17", "15"},
                                                                   {"017", "17"},
                                                                   {"'1'", "\"1\""},
                                                                   {"\"1\"", "\"1\""},
                                                                   {"true", "true"},
                                                                   {"False", "false"},
                                                                   {"yes", "\"yes\""},
                                                                   {"on", "\"on\""},
                                                                   {"null", "null"},
                                                                   {"~", "null"},
                                                                   {"''", "\"\""},
                                                                   {"1.5", "1.5E0"},
                                                                   {"-2.5e3", "-2.5E3"},
                                                                   {".5", "5E-1"},
                                                                   {"1.15.2", "\"1.15.2\""},
                                                                   {"500m", "\"500m\""},
                                                                   {"1Gi", "\"1Gi\""},
                                                                   {"1e", "\"1e\""},
                                                                   {"-", "[null]"},
                                                                   {".", "\".\""},
                                                                   {"inf", "\"inf\""},
                                                                   {"0x", "\"0x\""},
                                                                   {"2024-01-01", "\"2024-01-01\""},
                                                                   {"9223372036854775807", "9223372036854775807"},
                                                                   {"v1", "\"v1\""}}) {
        CAPTURE(yaml);
        CHECK(as_json(yaml) == expected);
    }
}

TEST_CASE("maps and sequences keep their order, and what they hold")
{
    CHECK(as_json("b: {x: [1, two, null]}\na:\n- - 1\n- k:\n") == R"({"b":{"x":[1,"two",null]},"a":[[1],{"k":null}]})");
}

}  // namespace ramet::config
