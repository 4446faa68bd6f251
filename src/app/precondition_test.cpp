#include "app/precondition.hpp"

#include <doctest/doctest.h>

using namespace ramet;
using namespace ramet::app;

TEST_CASE("a precondition holds of the versions that it names, of any, or of none")
{
    using enum Precondition::Kind;
    const std::optional<std::string> gone;
    struct Case {
        std::string story;
        Precondition precondition;
        std::optional<std::string> version;
        std::string want;
    };
    const Case cases[] = {
        {"none, of a thing", {none}, "v1", ""},
        {"none, of nothing", {none}, gone, ""},
        {"the version that is there", {one_of, {"v1"}}, "v1", ""},
        {"one of several", {one_of, {"v0", "v1"}}, "v1", ""},
        {"another version", {one_of, {"v0"}}, "v1", "X is another one than you have seen: nothing was changed"},
        {"no version at all", {one_of, {}}, "v1", "X is another one than you have seen: nothing was changed"},
        {"a version of what is gone", {one_of, {"v1"}}, gone, "X does not exist: nothing was changed"},
        {"any version", {exists}, "v1", ""},
        {"any version of what is gone", {exists}, gone, "X does not exist: nothing was changed"},
        {"nothing there", {absent}, gone, ""},
        {"something there", {absent}, "v1", "X exists: nothing was changed"},
        {"not this version", {none_of, {"v1"}}, "v1", "X is what you have seen: nothing was changed"},
        {"not this version, and it is another", {none_of, {"v0"}}, "v1", ""},
    };
    for (const auto& [story, precondition, version, want] : cases) {
        CAPTURE(story);
        const auto checked = check_precondition(precondition, version, "X");
        CHECK((checked ? "" : checked.error().message) == want);
        if (!checked) CHECK(checked.error().kind == ErrorKind::conflict);
    }
    CHECK(check_precondition({exists, {}, "If-Match"}, gone, "X").error().where == "If-Match");
}
