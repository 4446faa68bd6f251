#include "clone/clone.hpp"

#include "clone/desired_json.hpp"

#include "support/shop_project.hpp"
#include "variables/segments.hpp"

#include <doctest/doctest.h>

#include <fstream>

using namespace ramet;
using namespace ramet::clone;
using namespace ramet::clone::testing;

namespace {

const DesiredService& service(const Cloned& cloned, const std::string& name)
{
    const auto found = std::ranges::find(cloned.desired.services, name, &DesiredService::name);
    REQUIRE(found != cloned.desired.services.end());
    return *found;
}

const DesiredDatabase& database(const Cloned& cloned, const std::string& name)
{
    const auto found = std::ranges::find(cloned.desired.databases, name, &DesiredDatabase::name);
    REQUIRE(found != cloned.desired.databases.end());
    return *found;
}

std::string value(const DesiredService& of, const std::string& key)
{
    const auto found = std::ranges::find(of.env, key, &ResolvedVariable::key);
    return found == of.env.end() ? "-" : variables::describe(found->value);
}

std::string all_notes(const Cloned& cloned)
{
    std::string text;
    for (const auto& note : cloned.notes) text += note + "\n";
    return text;
}

std::string all_refusals(const Cloned& cloned)
{
    std::string text;
    for (const auto& refusal : cloned.refusals) text += refusal.message + "\n";
    return text;
}

}  // namespace

TEST_CASE("a preview is its base with the pull request's differences")
{
    const auto cloned = clone_for_preview(shop_input());
    CHECK(all_refusals(cloned).empty());
    CHECK(all_notes(cloned).empty());
    CHECK(cloned.desired.name == "pr-42");
    CHECK(cloned.desired.target == "here");
    CHECK(service(cloned, "api").treatment == Treatment::rebuilt);
    CHECK(service(cloned, "web").treatment == Treatment::copied);
    CHECK(service(cloned, "worker").treatment == Treatment::copied);
    CHECK(service(cloned, "mail").treatment == Treatment::shared);
    CHECK(service(cloned, "reports").treatment == Treatment::skipped);
    CHECK(service(cloned, "worker").declared.replicas == 1);
    CHECK(service(cloned, "api").declared.resources.memory_bytes == 128LL << 20);
    CHECK(service(cloned, "web").public_hosts == std::vector<std::string>{"web-pr-42.localhost"});
    CHECK(value(service(cloned, "web"), "API_URL") == "http://api-pr-42.localhost:8080");
    CHECK(value(service(cloned, "api"), "LOG_LEVEL") == "warn");
    CHECK(value(service(cloned, "api"), "STRIPE_KEY") == "{secret stripe-sandbox v1}");
    CHECK(value(service(cloned, "api"), "SENTRY_DSN") == "-");
    CHECK(value(service(cloned, "api"), "NODE_ENV") == "development");
}

TEST_CASE("a base is what its file says, without anything of previews")
{
    const auto cloned = desired_of_base(shop_base());
    CHECK(all_refusals(cloned).empty());
    CHECK(service(cloned, "worker").declared.replicas == 2);
    CHECK(service(cloned, "reports").treatment == Treatment::rebuilt);
    CHECK(value(service(cloned, "api"), "STRIPE_KEY") == "{secret stripe-test v3}");
    CHECK(value(service(cloned, "api"), "NODE_ENV") == "-");
    CHECK(cloned.desired.jobs.size() == 2);
    CHECK(database(cloned, "db").strategy == DataStrategy::seed);
    CHECK(service(cloned, "web").public_hosts == std::vector<std::string>{"web-staging.localhost"});
}

TEST_CASE("seed jobs are there only where a database is born empty to be seeded")
{
    auto input = shop_input();
    const auto cloned = clone_for_preview(input);
    CHECK(database(cloned, "db").strategy == DataStrategy::clone);
    CHECK(cloned.desired.jobs.size() == 1);
    CHECK_FALSE(service(cloned, "api").declared.needs.contains("seed"));
    CHECK(service(cloned, "api").declared.needs.contains("migrate"));

    input.without_golden = {{"db", "the base was never ready"}};
    const auto seeded = clone_for_preview(input);
    CHECK(database(seeded, "db").strategy == DataStrategy::seed);
    CHECK(seeded.desired.jobs.size() == 2);
    CHECK(all_notes(seeded) ==
          "databases.db: seed instead of clone, as there is nothing to clone from staging: the base was never ready\n");
}

TEST_CASE("the trusted branch decides what is not the pull request's to decide")
{
    struct Case {
        std::string_view story, what, by, note;
    };
    const Case cases[] = {
        {"a new reference to a secret", "      SENTRY_DSN: https", "      NEW: {secret: live}\n      SENTRY_DSN: https",
         "services.api.env.NEW: the reference to the secret 'live' takes effect once merged"},
        {"another secret", "{secret: stripe-test}", "{secret: stripe-live}",
         "vars.STRIPE_KEY: the reference to the secret 'stripe-live' takes effect once merged; until then the trusted "
         "branch's value counts"},
        {"more limits", "  share: [mail]", "  share: [mail]\n  limits: {max_active: 100}", "take effect once merged"},
        {"access to the original", "  share: [mail]", "  share: [mail]\n  allow_reach: [STRIPE_KEY]",
         "take effect once merged"},
        {"an unprotected original", "protected: true", "protected: false", "take effect once merged"},
    };
    for (const auto& [story, what, by, note] : cases) {
        CAPTURE(story);
        const auto cloned = clone_for_preview(shop_input(replaced(shop_text(), std::string(what), std::string(by))));
        CHECK(all_notes(cloned).find(note) != std::string::npos);
        CHECK(cloned.file.previews->allow_reach.empty());
        CHECK_FALSE(cloned.file.previews->limits.max_active.has_value());
        CHECK(cloned.file.find_environment("production")->is_protected);
        CHECK(value(service(cloned, "api"), "NEW") == "-");
    }
}

TEST_CASE("services, jobs, databases and plain variables are the pull request's")
{
    auto text = replaced(shop_text(), "LOG_LEVEL: info", "LOG_LEVEL: info\n  NEW: x");
    text = replaced(text, "  mail: {", "  extra: {from: api, run: ./extra}\n  mail: {");
    text = replaced(text, "version: \"15\"", "version: \"16\"");
    const auto cloned = clone_for_preview(shop_input(text));
    CHECK(all_notes(cloned).empty());
    CHECK(service(cloned, "extra").treatment == Treatment::rebuilt);
    CHECK(value(service(cloned, "extra"), "NEW") == "x");
    CHECK(database(cloned, "db").declared.version == "16");
}

TEST_CASE("a file whose lines moved changes no policy")
{
    CHECK(all_notes(clone_for_preview(shop_input("# a comment\n\n" + shop_text()))).empty());
}

TEST_CASE("a protected source is refused, whatever the fallback says")
{
    auto input = shop_input();
    input.base.is_protected = true;
    CHECK(all_refusals(clone_for_preview(input)) ==
          "previews.data.db: staging is protected: a copy of its data must be masked\n");
}

TEST_CASE("everything that is missing is told at once")
{
    auto input = shop_input();
    input.around.stored = {};
    input.shared.clear();
    const auto cloned = clone_for_preview(input);
    CHECK(cloned.wanted_passwords == std::vector<std::string>{"db", "cache"});
    REQUIRE(cloned.wanted.size() == 1);
    CHECK(cloned.wanted[0].path == "vars.SESSION_KEY");
    CHECK(all_refusals(cloned).find("no running 'mail'") != std::string::npos);
    CHECK(all_refusals(cloned).find("a secret is missing: stripe-sandbox") != std::string::npos);
}

TEST_CASE("a preview made by hand is named after its branch, and pr.* has no value there")
{
    auto input = shop_input(replaced(shop_text(), "env: {API_URL", "env: {NUMBER: \"${pr.number}\", API_URL"));
    CHECK(value(service(clone_for_preview(input), "web"), "NUMBER") == "42");
    input.revision.pull_request.reset();
    const auto cloned = clone_for_preview(input);
    CHECK(cloned.desired.name == "feature-x");
    CHECK(service(cloned, "web").public_hosts == std::vector<std::string>{"web-feature-x.localhost"});
    CHECK(all_refusals(cloned).find("'${pr.number}' has no value: feature-x is not made for a pull request") !=
          std::string::npos);
}

TEST_CASE("the second project to claim a host gets its own name added")
{
    auto input = shop_input();
    input.around.taken_hosts = {"web-pr-42.localhost"};
    CHECK(service(clone_for_preview(input), "web").public_hosts ==
          std::vector<std::string>{"web-pr-42-shop.localhost"});
}

TEST_CASE("`--target here` puts a file for a cluster on this machine")
{
    auto input = shop_input();
    input.trusted.targets.push_back({.name = "eks", .type = TargetType::kubernetes, .domain = "preview.example.com"});
    input.trusted.previews->target = "eks";
    CHECK(clone_for_preview(input).desired.domain == "preview.example.com");
    input.around.placement = Placement::here;
    const auto cloned = clone_for_preview(input);
    CHECK(cloned.desired.target == "here");
    CHECK(cloned.desired.domain == "localhost");
}

TEST_CASE("the login of a target's registry is found by its name, or asked for")
{
    auto input = shop_input();
    input.trusted.targets.push_back({.name = "eks",
                                     .type = TargetType::kubernetes,
                                     .other = {{"registry.url", "r.example.com"}, {"registry.credentials", "pull"}}});
    input.trusted.previews->target = "eks";
    CHECK(all_refusals(clone_for_preview(input))
              .contains("a secret is missing: pull (for targets.eks.registry.credentials)"));
    input.around.stored.secrets.push_back({.reference = {.id = "s-pull", .version = 2, .name = "pull"}});
    const auto cloned = clone_for_preview(input);
    CHECK(all_refusals(cloned).empty());
    CHECK(cloned.desired.registry_login == SecretReference{"s-pull", 2, "pull"});
    const auto again = desired_from_json(to_json(cloned.desired));
    REQUIRE(again);
    CHECK(again->registry_login == cloned.desired.registry_login);
    CHECK(again->target_keys == cloned.desired.target_keys);
    input.around.placement = Placement::here;
    CHECK(clone_for_preview(input).desired.registry_login == SecretReference{});
}

TEST_CASE("a preview without secrets tells what it left out")
{
    auto input = shop_input();
    input.secrets_access = variables::SecretAccess::none;
    const auto cloned = clone_for_preview(input);
    CHECK(std::ranges::count(cloned.without_secrets, "api.STRIPE_KEY") == 1);
    CHECK(value(service(cloned, "api"), "STRIPE_KEY") == "-");
}

TEST_CASE("what is built alike has one artefact, and a change of the build is a change")
{
    const auto cloned = clone_for_preview(shop_input());
    CHECK(service(cloned, "worker").input_hash == cloned.desired.jobs[0].input_hash);
    CHECK(service(cloned, "worker").input_hash != service(cloned, "api").input_hash);
    const auto changed = clone_for_preview(shop_input(replaced(shop_text(), "npm ci", "npm install")));
    CHECK(service(changed, "web").treatment == Treatment::rebuilt);
    auto input = shop_input();
    input.trusted.previews->deploy.changed_only = false;
    CHECK(service(clone_for_preview(input), "worker").treatment == Treatment::rebuilt);
}
