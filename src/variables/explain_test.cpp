#include "variables/explain.hpp"

#include "variables/variables_test_support.hpp"

#include <doctest/doctest.h>

using namespace ramet;
using namespace ramet::variables;
using namespace ramet::variables::testing;

TEST_CASE("an explanation shows every candidate, where it stands and which won")
{
    auto input = preview_input();
    input.variables = {text("LOG", "info"), text("LOG", "warn", {Layer::base, Scope::environment, "staging"}),
                       text("LOG", "debug", {Layer::previews, Scope::project}, "alice at noon"),
                       text("LOG", "error", {Layer::base, Scope::environment, "production"})};
    const auto explanation = explain(input, "LOG", "api");
    REQUIRE(explanation.has_value());
    CHECK(to_text(*explanation) == "LOG for api: debug\n"
                                   "  → previews of the project  debug  (set by alice at noon, wins)\n"
                                   "    environment staging      warn  (ramet.yaml:5:3, weaker)\n"
                                   "    project                  info  (ramet.yaml:5:3, weaker)\n");
}

TEST_CASE("of secrets an explanation shows names and versions, and which are withheld")
{
    auto input = preview_input();
    input.variables = {candidate("KEY", SecretValue{"stripe"}, {})};
    input.secrets = {secret("stripe", 3), secret("stripe", 9, {Layer::base, Scope::environment, "staging"}, true)};
    const auto explanation = explain(input, "KEY", "api").value();
    CHECK(to_text(explanation) ==
          "KEY for api: {secret stripe v3}\n"
          "  → project  {secret: stripe}  (ramet.yaml:5:3, wins)\n"
          "  the secret:\n"
          "      environment staging  stripe v9  (set by alice at noon, protected: stays out of previews)\n"
          "    → project              stripe v3  (set by alice at noon, wins)\n");
    CHECK(get_string(to_json(explanation).at("secrets").at(0), "verdict") == "protected: stays out of previews");
}

TEST_CASE("what the winner refers to is explained too, each once")
{
    auto input = preview_input();
    input.variables = {text("A", "${B}-${B}-${C}"), text("B", "b"), candidate("C", AliasValue{"B"}, {})};
    const auto explanation = explain(input, "A", "api").value();
    CHECK(explanation.value == "b-b-b");
    REQUIRE(explanation.refers_to.size() == 2);
    CHECK(explanation.refers_to[0].key == "B");
    CHECK(explanation.refers_to[1].key == "C");
    CHECK(explanation.refers_to[1].refers_to.empty());
}

TEST_CASE("a variable without a value says why")
{
    auto input = preview_input();
    input.variables = {text("A", "${B}"), text("B", "${A}"), candidate("S", SecretValue{"s"}, {}),
                       candidate("U", UnsetValue{}, {})};
    CHECK(explain(input, "A", "api")->problem == "what it refers to has none");
    CHECK(explain(input, "A", "api")->refers_to.at(0).problem.find("refers to itself: A → B → A") != std::string::npos);
    CHECK(explain(input, "S", "api")->problem == "the secret s is not set");
    CHECK(to_text(*explain(input, "U", "api")).starts_with("U for api: not set\n"));
}

TEST_CASE("unknown keys and services are not found, with what was meant")
{
    auto input = preview_input();
    input.variables = {text("LOG_LEVEL", "info")};
    CHECK(explain(input, "LOG_LEVE", "api").error().message ==
          "nothing declares 'LOG_LEVE' for api in pr-42; did you mean 'LOG_LEVEL'?");
    CHECK(explain(input, "LOG_LEVEL", "apo").error().message ==
          "pr-42 has no service or job 'apo'; did you mean 'api'?");
}
