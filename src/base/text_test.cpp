#include "base/text.hpp"

#include <doctest/doctest.h>
#include <rapidcheck.h>

using namespace ramet;

TEST_CASE("splitting and joining are inverse")
{
    CHECK(split("a,b,,c", ',') == std::vector<std::string>{"a", "b", "", "c"});
    CHECK(split("", ',') == std::vector<std::string>{""});
    CHECK(join(std::vector<std::string>{"a", "b"}, ", ") == "a, b");
    CHECK(join({}, ",").empty());
    CHECK(rc::check([](const std::string& text) { RC_ASSERT(join(split(text, 'a'), "a") == text); }));
}

TEST_CASE("white space is trimmed at both ends only")
{
    CHECK(trim(" \t a b \r\n") == "a b");
    CHECK(trim("  ").empty());
    CHECK(trim("").empty());
}

TEST_CASE("only ASCII letters are lowered")
{
    CHECK(to_lower("AbZ-1É") == "abz-1É");
}

TEST_CASE("the last lines are what people read first")
{
    CHECK(last_lines("a\nb\nc\n", 2) == "b\nc");
    CHECK(last_lines("a\nb\nc", 5) == "a\nb\nc");
    CHECK(last_lines("\nb", 2) == "\nb");
    CHECK(last_lines("a\n\nb", 2) == "\nb");
    CHECK(last_lines("", 3).empty());
    CHECK(last_lines("\n\n", 3).empty());
    CHECK(last_lines("a\nb", 0).empty());
}

TEST_CASE("the candidate that was probably meant is found")
{
    const std::vector<std::string> commands = {"preview", "previews", "plan", "apply", "env"};
    struct Case {
        std::string_view word;
        std::string_view want;
    };
    const Case cases[] = {{"preveiw", "preview"}, {"prewievs", "previews"}, {"plna", "plan"}, {"aply", "apply"},
                          {"en", "env"},          {"deploy", ""},           {"", ""},         {"x", ""},
                          {"env", "env"},         {"previw", "preview"}};
    for (const auto& [word, want] : cases) {
        CAPTURE(word);
        CHECK(did_you_mean(word, commands) == want);
    }
    CHECK(did_you_mean("a", {}).empty());
}

TEST_CASE("a word without end is nowhere near anything, and that is known at once")
{
    const std::vector<std::string> candidates(200, "services.NAME.public_url");
    CHECK(did_you_mean(std::string(std::size_t{10} << 20U, 'x'), candidates).empty());
}
