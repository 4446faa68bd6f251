#include "variables/resolve.hpp"

#include "variables/variables_test_support.hpp"

#include <doctest/doctest.h>
#include <rapidcheck.h>

using namespace ramet;
using namespace ramet::variables;
using namespace ramet::variables::testing;

namespace {

std::string only_error(const Resolution& resolution)
{
    REQUIRE(resolution.errors.size() == 1);
    return resolution.errors[0].message;
}

}  // namespace

TEST_CASE("placeholders stand for what the table says")
{
    struct Case {
        std::string_view text, want;
    };
    const Case cases[] = {
        {"${git.sha}", "0123456789abcdef0123456789abcdef01234567"},
        {"${git.short_sha}", "0123456"},
        {"${git.branch}", "feature/x"},
        {"${pr.number}/${pr.author}", "42/alice"},
        {"${project}-${env}-${service}.${domain}", "shop-pr-42-api.localhost"},
        {"${services.api.url}", "http://{service/api.host}:{service/api.port}"},
        {"${services.api.public_url}/v1", "http://api-pr-42.localhost:8080/v1"},
        {"${services.mail.url}", "http://127.0.0.1:20001"},
        {"${databases.db.url}", "postgres://app:{secret db password v2}@{database/db.host}:{database/db.port}/shop"},
        {"${databases.db.user}@${databases.db.name}", "app@shop"},
        {"${databases.db.password}", "{secret db password v2}"},
        {"${databases.cache.url}", "redis://:{secret cache password v1}@{database/cache.host}:{database/cache.port}/0"},
        {"$${git.sha}", "${git.sha}"},
        {"", ""},
    };
    for (const auto& [declared, want] : cases) {
        CAPTURE(declared);
        auto input = preview_input();
        input.variables = {text("KEY", std::string(declared))};
        CHECK(value_of(input, "api", "KEY") == want);
    }
}

TEST_CASE("adjacent literals are one segment")
{
    auto input = preview_input();
    input.variables = {text("KEY", "a${env}b${project}")};
    CHECK(resolve_variables(input).values.at("api").at("KEY") == ResolvedValue{std::string("apr-42bshop")});
}

TEST_CASE("what has no value here is an error in words, told once")
{
    struct Case {
        std::string_view text, part;
    };
    const Case cases[] = {
        {"${services.worker.url}", "'worker' has no port"},
        {"${services.web.public_url}", "'web' is not public"},
        {"${services.nobody.url}", "there is no service 'nobody' in pr-42"},
        {"${databases.nobody.url}", "there is no database 'nobody'"},
        {"${databases.cache.user}", "has a password and no user"},
        {"${NOBODY}", "there is no variable 'NOBODY'"},
        {"${PORT}", "read it in the command as $PORT"},
        {"${RAMET_ENV}", "read it in the command as $RAMET_ENV"},
        {"${OTHER}", "'OTHER' is unset for api"},
    };
    for (const auto& [declared, part] : cases) {
        CAPTURE(declared);
        auto input = preview_input();
        input.readers = {"api"};
        input.variables = {text("KEY", std::string(declared)), candidate("OTHER", UnsetValue{}, {})};
        const auto message = only_error(resolve_variables(input));
        CAPTURE(message);
        CHECK(message.find(part) != std::string::npos);
        CHECK(message.starts_with("KEY of api: "));
    }
}

TEST_CASE("a preview made by hand, and a base, have no pull request")
{
    auto input = preview_input();
    input.pull_request.reset();
    input.readers = {"api"};
    input.variables = {text("KEY", "${pr.number}")};
    CHECK(only_error(resolve_variables(input)) ==
          "KEY of api: '${pr.number}' has no value: pr-42 is not made for a pull request");
}

TEST_CASE("an alias follows the value that wins in the reading service")
{
    auto input = preview_input();
    input.variables = {candidate("DSN", AliasValue{"URL"}, {}), text("URL", "general"),
                       text("URL", "of api", {Layer::base, Scope::service, "", "api"})};
    CHECK(value_of(input, "api", "DSN") == "of api");
    CHECK(value_of(input, "web", "DSN") == "general");
    input.variables.push_back(candidate("URL", UnsetValue{}, {Layer::previews, Scope::project}));
    const auto resolution = resolve_variables(input);
    CHECK(value_of(resolution, "api", "DSN") == "-");
    CHECK(resolution.errors.empty());
}

TEST_CASE("a cycle is an error that shows it")
{
    auto input = preview_input();
    input.readers = {"api"};
    input.variables = {text("A", "${B}"), candidate("B", AliasValue{"C"}, {}), text("C", "x${A}")};
    CHECK(only_error(resolve_variables(input)) == "C of api: it refers to itself: A → B → C → A");
    input.variables = {text("PATH", "${PATH}:/x")};
    CHECK(only_error(resolve_variables(input)) == "PATH of api: it refers to itself: PATH → PATH");
}

TEST_CASE("values that would grow without end are refused")
{
    auto input = preview_input();
    input.readers = {"api"};
    input.variables = {text("V0", std::string(100, 'x'))};
    for (int i = 1; i <= 40; ++i)
        input.variables.push_back(text("V" + std::to_string(i), fmt::format("${{V{0}}}${{V{0}}}", i - 1)));
    const auto resolution = resolve_variables(input);
    REQUIRE_FALSE(resolution.errors.empty());
    CHECK(resolution.errors[0].message.find("grows over") != std::string::npos);
}

TEST_CASE("a very long chain is refused instead of followed")
{
    auto input = preview_input();
    input.readers = {"api"};
    input.variables = {text("Z", "end")};
    for (int i = 0; i < 1000; ++i)
        input.variables.push_back(
            text(fmt::format("A{:04}", i), i == 999 ? "${Z}" : fmt::format("${{A{:04}}}", i + 1)));
    const auto resolution = resolve_variables(input);
    REQUIRE_FALSE(resolution.errors.empty());
    CHECK(resolution.errors[0].message.find("in a row") != std::string::npos);
}

TEST_CASE("secrets are references, looked up by the rule of variables")
{
    auto input = preview_input();
    input.variables = {candidate("KEY", SecretValue{"stripe"}, {})};
    input.secrets = {secret("stripe", 3), secret("stripe", 7, {Layer::previews, Scope::project}), secret("other", 1)};
    CHECK(value_of(input, "api", "KEY") == "{secret stripe v7}");
    CHECK(std::get<SecretReference>(resolve_variables(input).values.at("api").at("KEY").at(0)).id ==
          "stripe@previews of the project");
}

TEST_CASE("protected secrets stay out of previews; all that are missing are named at once")
{
    auto input = preview_input();
    input.variables = {candidate("A", SecretValue{"a"}, {}),
                       candidate("B", SecretValue{"b"}, {Layer::base, Scope::service, "", "api"}),
                       candidate("C", SecretValue{"c"}, {}), text("D", "x${A}")};
    input.secrets = {secret("a", 1, {}, true), secret("c", 1, {Layer::base, Scope::environment, "staging"}, true),
                     secret("c", 2)};
    const auto resolution = resolve_variables(input);
    CHECK(resolution.errors.empty());
    CHECK(value_of(resolution, "api", "C") == "{secret c v2}");
    REQUIRE(resolution.missing_secrets.size() == 2);
    CHECK(resolution.missing_secrets[0] == MissingSecret{"a", {"api.A", "web.A"}, true});
    CHECK(resolution.missing_secrets[1] == MissingSecret{"b", {"api.B"}, false});
    const auto problems = problems_of(resolution, ReaderKind::preview);
    REQUIRE(problems.size() == 1);
    CHECK(problems[0].kind == ErrorKind::refused);
    CHECK(problems[0].message == "secrets are missing: a (for api.A, web.A; the one that exists is protected and stays "
                                 "out of previews), b (for api.B)");
    CHECK(problems[0].next_step == "set each with `ramet secret set a --previews` (or in the scope where it belongs)");
    CHECK(problems_of(resolution, ReaderKind::base).at(0).next_step == "set each with `ramet secret set a`");

    auto base = base_input();
    base.variables = input.variables;
    base.secrets = input.secrets;
    CHECK(value_of(base, "api", "A") == "{secret a v1}");
    CHECK(value_of(base, "api", "C") == "{secret c v1}");
}

TEST_CASE("what is no variable finds its secrets by the same rule, in forks too")
{
    for (const auto access : {SecretAccess::allowed, SecretAccess::none}) {
        auto input = preview_input();
        input.secrets_access = access;
        input.secrets = {secret("login", 3), secret("login", 7, {Layer::previews, Scope::project}),
                         secret("login", 9, {Layer::base, Scope::service, "", "api"}), secret("kept", 1, {}, true)};
        input.needed_secrets = {{"targets.eu.registry.credentials", "login"}, {"targets.eu.other", "kept"}};
        const auto resolution = resolve_variables(input);
        REQUIRE(resolution.needed_secrets.size() == 1);
        CHECK(resolution.needed_secrets.at("targets.eu.registry.credentials").version == 7);
        REQUIRE(resolution.missing_secrets.size() == 1);
        CHECK(resolution.missing_secrets[0] == MissingSecret{"kept", {"targets.eu.other"}, true});
    }
}

TEST_CASE("a preview without secrets leaves them out and says so")
{
    auto input = preview_input();
    input.readers = {"api"};
    input.secrets_access = SecretAccess::none;
    input.variables = {candidate("A", SecretValue{"a"}, {}), text("B", "x")};
    input.secrets = {secret("a", 1)};
    const auto resolution = resolve_variables(input);
    CHECK(resolution.missing_secrets.empty());
    CHECK(resolution.without_secrets == std::vector<std::string>{"api.A"});
    CHECK(value_of(resolution, "api", "A") == "-");
    CHECK(value_of(resolution, "api", "B") == "x");
}

TEST_CASE("generated values are asked for once and then taken")
{
    auto input = preview_input();
    input.variables = {candidate("KEY", GeneratedValue{16, true}, {}), text("URL", "x:${KEY}")};
    const auto first = resolve_variables(input);
    REQUIRE(first.wanted.size() == 1);
    CHECK(first.wanted[0].key == "KEY");
    CHECK(first.wanted[0].declared == GeneratedValue{16, true});
    CHECK(value_of(first, "api", "URL") == "x:{generated KEY}");

    input.generated[first.wanted[0].path] = SecretReference{.id = "g1", .version = 1, .name = "KEY"};
    const auto second = resolve_variables(input);
    CHECK(second.wanted.empty());
    CHECK(value_of(second, "web", "URL") == "x:{secret KEY v1}");
}

TEST_CASE("resolution always ends, and no value holds what was not resolved")
{
    CHECK(rc::check([] {
        const auto keys = std::vector<std::string>{"A", "B", "C", "D"};
        auto input = preview_input();
        input.readers = {"api"};
        for (const auto& key : keys) {
            const auto other = *rc::gen::elementOf(keys);
            switch (*rc::gen::inRange(0, 5)) {
            case 0: input.variables.push_back(text(key, "${" + other + "}${" + *rc::gen::elementOf(keys) + "}")); break;
            case 1: input.variables.push_back(candidate(key, AliasValue{other}, {})); break;
            case 2: input.variables.push_back(candidate(key, UnsetValue{}, {})); break;
            case 3: input.variables.push_back(text(key, "literal")); break;
            default: break;
            }
        }
        const auto resolution = resolve_variables(input);
        for (const auto& [key, value] : resolution.values.at("api"))
            for (const auto& segment : value) {
                RC_ASSERT(std::holds_alternative<std::string>(segment));
                RC_ASSERT(std::get<std::string>(segment).find("${") == std::string::npos);
            }
    }));
}
