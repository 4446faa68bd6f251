#include "variables/variables_test_support.hpp"

#include <doctest/doctest.h>
#include <rapidcheck.h>

using namespace ramet;
using namespace ramet::variables;
using namespace ramet::variables::testing;

namespace {

const Place organization{Layer::base, Scope::organization};
const Place project{Layer::base, Scope::project};
const Place staging{Layer::base, Scope::environment, "staging"};
const Place production{Layer::base, Scope::environment, "production"};
const Place api{Layer::base, Scope::service, "", "api"};
const Place staging_api{Layer::base, Scope::service, "staging", "api"};
const Place previews{Layer::previews, Scope::project};
const Place previews_api{Layer::previews, Scope::service, "", "api"};
const Place this_preview{Layer::preview, Scope::environment, "pr-42"};
const Place other_preview{Layer::preview, Scope::environment, "pr-43"};

}  // namespace

TEST_CASE("which value wins is decided by the layer first and the scope then")
{
    struct Case {
        std::string_view story;
        std::vector<Place> places;
        std::size_t winner;
    };
    const Case cases[] = {
        {"project over organization", {organization, project}, 1},
        {"environment over project", {staging, project}, 0},
        {"service over environment", {staging, api}, 1},
        {"previews over a base's service", {api, previews}, 1},
        {"a service in previews over previews", {previews_api, previews}, 0},
        {"this preview over a service in previews", {previews_api, this_preview}, 1},
        {"another environment does not count", {project, production}, 0},
        {"another preview does not count", {previews, other_preview}, 0},
        {"a service set for the base", {staging, staging_api}, 1},
    };
    for (const auto& [story, places, winner] : cases) {
        CAPTURE(story);
        auto input = preview_input();
        for (std::size_t i = 0; i < places.size(); ++i)
            input.variables.push_back(text("KEY", std::to_string(i), places[i]));
        CHECK(value_of(input, "api", "KEY") == std::to_string(winner));
    }
}

TEST_CASE("the same place: what a person set wins over what the file says")
{
    auto input = preview_input();
    input.variables = {text("KEY", "person", project, "alice"), text("KEY", "file", project)};
    CHECK(value_of(input, "api", "KEY") == "person");
}

TEST_CASE("a base sees nothing of previews")
{
    auto input = base_input();
    input.variables = {text("KEY", "base", project), text("KEY", "previews", previews), text("ONLY", "x", previews)};
    CHECK(value_of(input, "api", "KEY") == "base");
    CHECK(value_of(input, "api", "ONLY") == "-");
}

TEST_CASE("a service's variable is seen by that service only")
{
    auto input = preview_input();
    input.variables = {text("KEY", "mine", api)};
    CHECK(value_of(input, "api", "KEY") == "mine");
    CHECK(value_of(input, "web", "KEY") == "-");
}

TEST_CASE("unset removes what weaker places say, and a stronger place may set it again")
{
    auto input = preview_input();
    input.variables = {text("KEY", "x", project), candidate("KEY", UnsetValue{}, previews)};
    CHECK(value_of(input, "api", "KEY") == "-");
    input.variables.push_back(text("KEY", "again", previews_api));
    CHECK(value_of(input, "api", "KEY") == "again");
    CHECK(value_of(input, "web", "KEY") == "-");
}

TEST_CASE("variables of a file stand where the file says them")
{
    ProjectFile file;
    file.vars = {{.key = "A", .value = TextValue{"project"}}};
    file.environments = {{.name = "staging", .branch = "main", .vars = {{.key = "A", .value = TextValue{"staging"}}}}};
    file.services = {Service{.name = "api", .env = {{.key = "B", .value = TextValue{"api"}}}}};
    file.jobs = {Job{.name = "seed", .env = {{.key = "B", .value = TextValue{"seed"}}}}};
    file.previews = PreviewPolicy{.base = "staging", .vars = {{.key = "C", .value = TextValue{"previews"}}}};
    file.previews->services["api"].env = {{.key = "C", .value = TextValue{"api in previews"}}};
    auto input = preview_input();
    input.readers = {"api", "seed"};
    input.variables = declared_in(file);
    CHECK(value_of(input, "api", "A") == "staging");
    CHECK(value_of(input, "seed", "B") == "seed");
    CHECK(value_of(input, "api", "C") == "api in previews");
    CHECK(value_of(input, "seed", "C") == "previews");
    CHECK(input.variables[0].path == "vars.A");
    CHECK(input.variables.back().path == "previews.services.api.env.C");
}

namespace {

rc::Gen<Place> any_place()
{
    return rc::gen::elementOf(std::vector<Place>{organization, project, staging, production, api, staging_api, previews,
                                                 previews_api, this_preview, other_preview});
}

rc::Gen<std::vector<Candidate>> any_candidates()
{
    return rc::gen::map(
        rc::gen::container<std::vector<std::pair<Place, bool>>>(rc::gen::pair(any_place(), rc::gen::arbitrary<bool>())),
        [](const std::vector<std::pair<Place, bool>>& places) {
            std::vector<Candidate> candidates;
            for (std::size_t i = 0; i < places.size(); ++i)
                candidates.push_back(text("KEY", std::to_string(i), places[i].first, places[i].second ? "alice" : ""));
            return candidates;
        });
}

/// The rule of the format, said a second time and otherwise.
int strength(const Candidate& candidate)
{
    const int layer = candidate.place.layer == Layer::base ? 0 : candidate.place.layer == Layer::previews ? 1 : 2;
    const int scope = candidate.place.scope == Scope::organization  ? 0
                      : candidate.place.scope == Scope::project     ? 1
                      : candidate.place.scope == Scope::environment ? 2
                                                                    : 3;
    return layer * 100 + scope * 10 + (candidate.variable.where.set_by.empty() ? 0 : 1);
}

}  // namespace

TEST_CASE("the winner is never weaker than another candidate that concerns the reader")
{
    CHECK(rc::check([] {
        auto input = preview_input();
        input.variables = *any_candidates();
        int strongest = -1;
        for (const auto& each : input.variables)
            if (each.place.environment != "production" && each.place.environment != "pr-43")
                strongest = std::max(strongest, strength(each));
        const auto value = value_of(input, "api", "KEY");
        if (strongest < 0)
            RC_ASSERT(value == "-");
        else
            RC_ASSERT(strength(input.variables.at(std::stoul(value))) == strongest);
    }));
}

TEST_CASE("removing a candidate that lost changes nothing")
{
    CHECK(rc::check([] {
        auto input = preview_input();
        input.variables = *any_candidates();
        RC_PRE(!input.variables.empty());
        const auto before = value_of(input, "api", "KEY");
        const auto removed = *rc::gen::inRange<std::size_t>(0, input.variables.size());
        RC_PRE(before != std::to_string(removed));
        input.variables.erase(input.variables.begin() + static_cast<std::ptrdiff_t>(removed));
        RC_ASSERT(value_of(input, "api", "KEY") == before);
    }));
}
