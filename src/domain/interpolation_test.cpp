#include "domain/interpolation.hpp"

#include <doctest/doctest.h>

using namespace ramet;

namespace {

std::string shown(std::string_view text)
{
    const auto pieces = parse_interpolation(text);
    if (!pieces) return "error: " + pieces.error().message;
    std::string result;
    for (const auto& piece : *pieces) {
        if (const auto* literal = std::get_if<std::string>(&piece))
            result += "[" + *literal + "]";
        else
            result += to_string(std::get<Placeholder>(piece));
    }
    return result;
}

}  // namespace

TEST_CASE("a text is cut into literals and placeholders")
{
    struct Case {
        std::string_view story, text, want;
    };
    const Case cases[] = {
        {"nothing", "", ""},
        {"only literal", "abc", "[abc]"},
        {"a variable", "${A}", "${A}"},
        {"in the middle", "x${git.sha}y", "[x]${git.sha}[y]"},
        {"an output", "${services.api.url}/v1", "${services.api.url}[/v1]"},
        {"a database", "${databases.db.password}", "${databases.db.password}"},
        {"the escape", "a$${B}c", "[a${B}c]"},
        {"the shell's own dollar", "$HOME $$ $", "[$HOME $$ $]"},
        {"two in a row", "${env}${project}", "${env}${project}"},
    };
    for (const auto& [story, text, want] : cases) {
        CAPTURE(story);
        CHECK(shown(text) == want);
    }
}

TEST_CASE("what is not in the table is an error that helps")
{
    struct Case {
        std::string_view text, part;
    };
    const Case cases[] = {
        {"${git.sah}", "did you mean ${git.sha}?"},
        {"${services.api.adress}", "not one of url, public_url, host, port"},
        {"${databases.db}", "must be written ${databases.NAME.OUTPUT}"},
        {"${unclosed", "does not close it"},
        {"${}", "is not known"},
        {"${a-b}", "is not known"},
        {"${A:-default}", "is not known"},
    };
    for (const auto& [text, part] : cases) {
        CAPTURE(text);
        CHECK(shown(text).find(part) != std::string::npos);
    }
}

TEST_CASE("each place has its own placeholders")
{
    using Place = InterpolationPlace;
    struct Case {
        Place place;
        std::string_view text;
        bool is_legal;
    };
    const Case cases[] = {
        {Place::value, "${databases.db.url}", true},
        {Place::image, "a:${git.sha}", true},
        {Place::image, "a:${LOG_LEVEL}", false},
        {Place::image, "a:${databases.db.password}", false},
        {Place::preview_name, "pr-${pr.number}", true},
        {Place::preview_name, "${service}", false},
        {Place::domain_pattern, "${service}-${env}.${domain}", true},
        {Place::domain_pattern, "${pr.author}.${domain}", false},
        {Place::custom_domain, "pr-${pr.number}.example.com", true},
    };
    for (const auto& [place, text, is_legal] : cases) {
        CAPTURE(text);
        CHECK(parse_interpolation_at(place, text).has_value() == is_legal);
    }
}
