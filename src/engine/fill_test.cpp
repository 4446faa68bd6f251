#include "engine/fill.hpp"

#include <doctest/doctest.h>

namespace ramet::engine {
namespace {

const ExistingOutputs outputs = {{"db", {{"port", "5432"}, {"host", "127.0.0.1"}}}};

TEST_CASE("a spec is filled at any depth, and secrets stay")
{
    struct Case {
        std::string_view story, spec, want;
    };
    const Case cases[] = {
        {"literals stay", R"({"a":1,"b":[true,null,"${x}"]})", R"({"a":1,"b":[true,null,"${x}"]})"},
        {"an output", R"({"port":{"$out":["db","port"]}})", R"({"port":"5432"})"},
        {"an output in a list in an object", R"({"a":[{"b":{"$out":["db","host"]}}]})", R"({"a":[{"b":"127.0.0.1"}]})"},
        {"a secret", R"({"p":{"$secret":"s1","version":3}})", R"({"p":{"$secret":"s1","version":3}})"},
        {"a text of pieces", R"({"$concat":["tcp://",{"$out":["db","host"]},":",{"$out":["db","port"]}]})",
         R"("tcp://127.0.0.1:5432")"},
        {"a text with a secret joins what it can",
         R"({"$concat":["a","b",{"$secret":"s"},{"$out":["db","port"]},"c"]})",
         R"({"$concat":["ab",{"$secret":"s"},"5432c"]})"},
        {"a text in a text", R"({"$concat":["a",{"$concat":["b",{"$out":["db","port"]}]}]})", R"("ab5432")"},
        {"an empty text", R"({"$concat":[]})", R"("")"},
    };
    for (const auto& [story, spec, want] : cases) {
        CAPTURE(story);
        const auto filled = fill_spec(*parse_json(spec), outputs);
        REQUIRE(filled.has_value());
        CHECK(to_text(*filled) == want);
    }
}

TEST_CASE("what cannot be filled says what is missing")
{
    struct Case {
        std::string_view spec;
        ErrorKind kind;
    };
    const Case cases[] = {{R"({"$out":["db","user"]})", ErrorKind::not_found},
                          {R"({"$out":["web","port"]})", ErrorKind::not_found},
                          {R"({"$out":["db"]})", ErrorKind::invalid},
                          {R"({"$concat":[1]})", ErrorKind::invalid},
                          {R"({"$concat":"a"})", ErrorKind::invalid}};
    for (const auto& [spec, kind] : cases) {
        CAPTURE(spec);
        CHECK(fill_spec(*parse_json(spec), outputs).error().kind == kind);
    }
    CHECK(references_of(*parse_json(R"({"$secret":5})")).error().kind == ErrorKind::invalid);
}

TEST_CASE("a filled spec is filled for good")
{
    const auto spec = *parse_json(R"({"url":{"$concat":["a",{"$secret":"s"},{"$out":["db","port"]}]}})");
    const auto once = fill_spec(spec, outputs);
    CHECK(fill_spec(*once, {}) == once);
}

TEST_CASE("the hash of a spec does not depend on the order of keys, but on everything else")
{
    CHECK(spec_hash(*parse_json(R"({"a":1,"b":2})")) == spec_hash(*parse_json(R"({"b":2,"a":1})")));
    CHECK(spec_hash(*parse_json(R"({"a":1})")) != spec_hash(*parse_json(R"({"a":"1"})")));
    CHECK(spec_hash(*parse_json(R"({"s":{"$secret":"x","version":1}})")) !=
          spec_hash(*parse_json(R"({"s":{"$secret":"x","version":2}})")));
}

}  // namespace
}  // namespace ramet::engine
