#include "cli/output.hpp"

#include "cli/width.hpp"

#include <doctest/doctest.h>

namespace ramet::cli {

namespace {

const std::vector<Column> columns{
    {"NAME", "name"}, {"STATE", "state"}, {"PR", "pull_request"}, {"RUN", "run", Column::Width::wide}};

Json sample()
{
    return json::array{json::object{{"name", "pr-1"}, {"state", "ready"}, {"pull_request", 1}, {"run", "r1"}},
                       json::object{{"name", "bücher-日本"}, {"state", "✅"}, {"pull_request", nullptr}, {"run", ""}}};
}

}  // namespace

TEST_CASE("a list is a table of aligned columns, more of them when wide")
{
    CHECK(format_list(sample(), columns, Format::table) == "NAME         STATE  PR\n"
                                                           "pr-1         ready  1\n"
                                                           "bücher-日本  ✅     –\n");
    CHECK(format_list(sample(), columns, Format::wide) == "NAME         STATE  PR  RUN\n"
                                                          "pr-1         ready  1   r1\n"
                                                          "bücher-日本  ✅     –   –\n");
    CHECK(format_list(json::array{}, columns, Format::table) == "NAME  STATE  PR\n");
}

TEST_CASE("a list as names, JSON and YAML carries the data")
{
    CHECK(format_list(sample(), columns, Format::name) == "pr-1\nbücher-日本\n");
    CHECK(*parse_json(format_list(sample(), columns, Format::json)) == sample());
    CHECK(format_list(sample(), columns, Format::yaml) == "- name: \"pr-1\"\n"
                                                          "  state: \"ready\"\n"
                                                          "  pull_request: 1\n"
                                                          "  run: \"r1\"\n"
                                                          "- name: \"bücher-日本\"\n"
                                                          "  state: \"✅\"\n"
                                                          "  pull_request: null\n"
                                                          "  run: \"\"\n");
}

TEST_CASE("an object is lines of fields, and its parts are told in a few words")
{
    const json::object object{{"name", "pr-1"},
                              {"urls", json::object{{"web", "http://web-pr-1.localhost:8080"}}},
                              {"services", json::array{json::object{{"name", "web"}, {"state", "healthy"}},
                                                       json::object{{"name", "api"}, {"state", "failed"}}}},
                              {"databases", json::array{json::object{{"name", "db"}, {"method", "reflink"}}}},
                              {"notes", json::array{}}};
    const std::vector<Column> fields{{"name", "name"},           {"urls", "urls"},   {"services", "services"},
                                     {"databases", "databases"}, {"notes", "notes"}, {"run", "run"}};
    CHECK(format_object(object, fields, Format::table) == "name       pr-1\n"
                                                          "urls       web=http://web-pr-1.localhost:8080\n"
                                                          "services   web (healthy), api (failed)\n"
                                                          "databases  db (reflink)\n"
                                                          "notes      –\n"
                                                          "run        –\n");
    CHECK(format_object(object, fields, Format::name) == "pr-1\n");
    CHECK(*parse_json(format_object(object, fields, Format::json)) == object);
}

TEST_CASE("YAML nests, and quotes what would be read as something else")
{
    struct Case {
        Json value;
        std::string want;
    };
    const Case cases[] = {
        {"text", "\"text\"\n"},
        {json::object{}, "{}\n"},
        {json::array{}, "[]\n"},
        {json::object{{"a", json::object{{"b", json::array{1, "2"}}}}}, "a:\n  b:\n    - 1\n    - \"2\"\n"},
        {json::array{json::array{1, 2}, json::array{}}, "- - 1\n  - 2\n- []\n"},
        {json::object{{"no", 1}, {"1", 2}, {"a: b", 3}, {"on", 4}, {"", 5}},
         "\"no\": 1\n\"1\": 2\n\"a: b\": 3\n\"on\": 4\n\"\": 5\n"},
        {json::object{{"a", "x\ny: z"}}, "a: \"x\\ny: z\"\n"},
        {json::array{json::object{{"a", json::array{json::object{{"b", 1}}}}, {"c", true}}},
         "- a:\n    - b: 1\n  c: true\n"},
    };
    for (const auto& [value, want] : cases) {
        CAPTURE(to_text(value));
        CHECK(to_yaml(value) == want);
    }
}

TEST_CASE("text takes as many columns as a terminal gives it")
{
    struct Case {
        std::string_view text;
        std::size_t want;
    };
    const Case cases[] = {{"", 0},  {"abc", 3},  {"bücher", 6}, {"日本", 4}, {"✅", 2},      {"e\u0301", 1},
                          {"–", 1}, {"한글", 4}, {"👍", 2},     {"\xff", 1}, {"a\u200bb", 2}};
    for (const auto& [text, want] : cases) {
        CAPTURE(text);
        CHECK(display_width(text) == want);
    }
}

TEST_CASE("what a terminal would obey is not printed in a cell")
{
    CHECK(cell_text("\x1b[31mred\r\nnext\x07") == " [31mred  next ");
    CHECK(cell_text(json::array{json::object{{"name", "a\x1b"}}}) == "a ");
}

TEST_CASE("an unknown format is invalid and names those that exist")
{
    CHECK(parse_format("") == Format::table);
    CHECK(parse_format("yaml") == Format::yaml);
    CHECK(parse_format("xml").error().message == "-o takes table, wide, json, yaml or name, not \"xml\"");
}

}  // namespace ramet::cli
