#include "domain/environment.hpp"

#include <doctest/doctest.h>

#include <set>

using namespace ramet;

TEST_CASE("a public label fits in 63 characters and is a DNS label")
{
    const std::string long_service(80, 'a');
    struct Case {
        std::string_view story, text, want;
    };
    const Case cases[] = {
        {"short names stay", "web-pr-42", "web-pr-42"},
        {"letters outside DNS are folded", "Wéb_API-pr-42", "web-api-pr-42"},
        {"dashes at the ends go", "-web-", "web"},
    };
    for (const auto& [story, text, want] : cases) {
        CAPTURE(story);
        CHECK(public_label(text) == want);
    }
    CHECK(public_label(long_service).size() == 63);
    CHECK(public_label(std::string(63, 'a')) == std::string(63, 'a'));
    CHECK(public_label("→").starts_with("x-"));
}

TEST_CASE("two long names that begin alike do not collide")
{
    const std::string common(70, 'a');
    CHECK(public_label(common + "b-pr-1") != public_label(common + "b-pr-2"));
    CHECK(preview_name_of_branch(common + "b") != preview_name_of_branch(common + "c"));
}

TEST_CASE("a cut never leaves two dashes before the hash")
{
    const auto label = public_label(std::string(55, 'a') + "-" + std::string(20, 'b'));
    CHECK(label.find("--") == std::string::npos);
}

TEST_CASE("a preview made by hand is named after its branch")
{
    CHECK(preview_name_of_branch("feature/Login_Page") == "feature-login-page");
    CHECK(preview_name_of_branch(std::string(100, 'x')).size() <= 40);
    CHECK(preview_name_of_branch("///").starts_with("preview-"));
}

TEST_CASE("every environment state is read back from its word")
{
    std::set<std::string_view> words;
    for (int i = 0; i <= static_cast<int>(EnvironmentState::needs_human); ++i) {
        const auto state = static_cast<EnvironmentState>(i);
        words.insert(to_string(state));
        CHECK(parse_environment_state(to_string(state)) == state);
    }
    CHECK(words.size() == 11);
    CHECK(parse_environment_state("of a newer version") == EnvironmentState::needs_human);
}

TEST_CASE("every origin is read back from its word, and an unknown one is read only")
{
    for (const auto origin : {EnvironmentOrigin::managed, EnvironmentOrigin::adopted, EnvironmentOrigin::preview})
        CHECK(parse_environment_origin(to_string(origin)) == origin);
    CHECK(parse_environment_origin("?") == EnvironmentOrigin::adopted);
}
