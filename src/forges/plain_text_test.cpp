#include "forges/plain_text.hpp"

#include <doctest/doctest.h>
#include <rapidcheck.h>

namespace ramet::forges {

TEST_CASE("text for a forge keeps what is valid and replaces what is not")
{
    struct Case {
        std::string_view story;
        std::string text, want;
    };
    const Case cases[] = {
        {"plain text stays", "ready\n\ttab\r\n", "ready\n\ttab\r\n"},
        {"letters of two, three and four bytes stay", "é€😴", "é€😴"},
        {"a lone continuation byte", "a\x80z", "a\uFFFDz"},
        {"a character that was cut", "a\xE2\x82", "a\uFFFD\uFFFD"},
        {"an overlong slash", "\xC0\xAF", "\uFFFD\uFFFD"},
        {"an overlong form of three bytes", "\xE0\x80\xAF", "\uFFFD\uFFFD\uFFFD"},
        {"a surrogate", "\xED\xA0\x80", "\uFFFD\uFFFD\uFFFD"},
        {"beyond the last character", "\xF4\x90\x80\x80", "\uFFFD\uFFFD\uFFFD\uFFFD"},
        {"escape sequences and NUL", std::string("\x1b[31m\0", 6), "\uFFFD[31m\uFFFD"},
        {"nothing", "", ""},
    };
    for (const auto& [story, text, want] : cases) {
        CAPTURE(story);
        CHECK(clean_text(text) == want);
    }
}

TEST_CASE("cleaning text twice changes nothing more, whatever the bytes")
{
    CHECK(rc::check([](const std::string& bytes) {
        const auto once = clean_text(bytes);
        RC_ASSERT(clean_text(once) == once);
    }));
}

TEST_CASE("text is cut between characters")
{
    CHECK(cut_text("short", 10) == "short");
    CHECK(cut_text("abcdef", 3) == "abc");
    CHECK(cut_text("a€b", 2) == "a");
    CHECK(cut_text("a€b", 3) == "a");
    CHECK(cut_text("a€b", 4) == "a€");
    CHECK(cut_text("€", 0).empty());
}

}  // namespace ramet::forges
