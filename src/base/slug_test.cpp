#include "base/text.hpp"

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <cctype>

using namespace ramet;

TEST_CASE("a slug keeps what can be kept of a name")
{
    struct Case {
        std::string_view text, want;
    };
    const Case cases[] = {
        {"Feature/Wéb_1", "feature-web-1"},
        {"--a  b--", "a-b"},
        {"Straße Ærø Þór", "strasse-aero-thor"},
        {"e\u0301te\u0301", "ete"},
        {"Łódź Žižkov Œuvre", "lodz-zizkov-oeuvre"},
        {"İstanbul", "istanbul"},
        {"日本-x", "x"},
        {"3×4÷5", "3-4-5"},
        {"日本", ""},
        {"\xff\xfe"
         "a",
         "a"},
        {"a\xc3", "a"},
        {"", ""},
    };
    for (const auto& [text, want] : cases) {
        CAPTURE(text);
        CHECK(to_slug(text) == want);
    }
}

TEST_CASE("a slug of any bytes is made of lower-case letters, digits and single inner dashes, and is its own slug")
{
    CHECK(rc::check([](const std::string& text) {
        const auto slug = to_slug(text);
        for (const auto character : slug)
            RC_ASSERT(character == '-' || std::islower(static_cast<unsigned char>(character)) != 0 ||
                      std::isdigit(static_cast<unsigned char>(character)) != 0);
        RC_ASSERT(!slug.starts_with('-') && !slug.ends_with('-') && !slug.contains("--"));
        RC_ASSERT(to_slug(slug) == slug);
    }));
}
