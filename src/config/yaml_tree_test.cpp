#include "config/yaml_tree.hpp"

#include <doctest/doctest.h>

#include <chrono>

using namespace ramet;
using namespace ramet::config;

namespace {

std::string first_error(std::string_view text)
{
    const auto tree = parse_yaml(text, "f");
    return tree.errors.empty() ? "none" : tree.errors[0].where + ": " + tree.errors[0].message;
}

std::string repeated(std::string_view piece, std::size_t count)
{
    std::string text;
    for (std::size_t i = 0; i < count; ++i) text += piece;
    return text;
}

}  // namespace

TEST_CASE("a tree keeps the place of every key and value")
{
    const auto tree = parse_yaml("a: 1\nb:\n  - x\n  - {c: 'y'}\n", "f");
    REQUIRE(tree.errors.empty());
    REQUIRE(tree.root.entries.size() == 2);
    const auto& b = tree.root.entries[1];
    CHECK(b.key == "b");
    CHECK(b.mark.line == 2);
    CHECK(b.mark.column == 1);
    REQUIRE(b.value.items.size() == 2);
    const auto& c = b.value.items[1].entries.at(0);
    CHECK(c.mark.line == 4);
    CHECK(c.mark.column == 6);
    CHECK(c.value.text == "y");
    CHECK(c.value.quoting == Quoting::quoted);
}

TEST_CASE("what makes YAML dangerous or ambiguous is refused with its place")
{
    struct Case {
        std::string_view text, want;
    };
    const Case cases[] = {
        {"a: &x 1\n", "f:1:4: anchors (&name) are not allowed"},
        {"a: *x\n", "f:1:4: this is no valid YAML"},
        {"a: !!str 1\n", "f:1:4: tags (!name) are not allowed"},
        {"a: !x {b: 1}\n", "f:1:4: tags (!name) are not allowed"},
        {"a: ! b\n", "f:1:4: tags (!name) are not allowed"},
        {"a: 1\na: 2\n", "f:2:1: the key 'a' stands here twice"},
        {"{a: 1}: 2\n", "f:1:1: a key must be a plain word"},
        {"a: 1\n---\nb: 2\n", "f:1:1: more than one YAML document"},
        {"<<: {a: 1}\n", "f:1:1: merge keys (<<) are not allowed"},
        {"", "f:1:1: the file is empty"},
        {"a: [1\n", "f:2:1: this is no valid YAML"},
        {"a: \"\\q\"\n", "f:1:7: this is no valid YAML"},
        {"a: \xff\n", "f:1:4: this byte is not UTF-8"},
        {"a: \xe0\x80\x80\n", "f:1:4: this byte is not UTF-8"},
        {"a: \xed\xa0\x80\n", "f:1:4: this byte is not UTF-8"},
        {"a: \xf0\x80\x80\x80\n", "f:1:4: this byte is not UTF-8"},
        {"a: \xf4\x90\x80\x80\n", "f:1:4: this byte is not UTF-8"},
        {"a: \x01\n", "f:1:4: control characters"},
    };
    for (const auto& [text, want] : cases) {
        CAPTURE(text);
        CHECK(first_error(text).substr(0, want.size()) == want);
    }
}

TEST_CASE("all duplicate keys are reported, not only the first")
{
    CHECK(parse_yaml("a: 1\na: 2\nb: {c: 1, c: 2}\n", "f").errors.size() == 2);
}

TEST_CASE("sixty-four levels are read and sixty-five are not")
{
    CHECK(first_error(repeated("[", 64) + repeated("]", 64)) == "none");
    CHECK(first_error(repeated("[", 65) + repeated("]", 65)) == "f:1:65: deeper than 64 levels");
}

TEST_CASE("files that were made to be slow are refused within a second")
{
    constexpr std::size_t size = (1U << 20U) - 10;
    struct Case {
        std::string_view story;
        std::string text;
    };
    const Case cases[] = {
        {"brackets", repeated("[", size)},
        {"brackets on lines", repeated("[\n", size / 2)},
        {"braces", repeated("{a: ", size / 4)},
        {"dashes", repeated("- ", size / 2)},
        {"question marks", repeated("? ", size / 2)},
        {"question marks on lines", repeated("?\n", size / 2)},
        {"colons", repeated(": ", size / 2)},
        {"one long word", repeated("a", size)},
        {"one long quoted text", "\"" + repeated("a", size)},
        {"quotes", repeated("\"", size)},
        {"many keys in one map", repeated("a: b\n", size / 5)},
        {"commas", "[" + repeated(",", size)},
        {"empty lines", repeated("\n", size)},
        {"a list of words", "[" + repeated("a,\n", size / 3)},
        {"folded text", "a: >\n" + repeated("  x\n\n", size / 5)},
        {"comments", repeated("#\n", size / 2)},
        {"bangs", repeated("!", size)},
        {"directives", repeated("%YAML 1.2\n", size / 10)},
        {"plain text of many lines", repeated("abc def\n", size / 8)},
        {"exponential aliases", "a: &a [x,x]\nb: &b [*a,*a]\nc: &c [*b,*b]\n"},
    };
    for (const auto& [story, text] : cases) {
        CAPTURE(story);
        const auto start = std::chrono::steady_clock::now();
        static_cast<void>(parse_yaml(text, "f"));
        const auto took =
            std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - start);
        CHECK(took.count() < 3000);
    }
    CHECK(first_error(repeated("a", size + 100)).find("at most 1048576 are read") != std::string::npos);
}
