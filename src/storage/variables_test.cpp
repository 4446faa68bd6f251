#include "storage/variables.hpp"

#include "storage/declared_value_json.hpp"
#include "storage/environments.hpp"
#include "storage/generated_values.hpp"
#include "storage/projects.hpp"
#include "storage/storage_test_support.hpp"

namespace ramet::storage {
namespace {

const ProjectId shop{"p-shop"};
const EnvironmentId staging{"e-staging"};

struct Fixture {
    TestDatabase database;
    StoredVariables variables{*database};

    Fixture()
    {
        must_write(database, [&](Transaction& transaction) -> Result<void> {
            TRY(Projects(*database).insert(transaction, {.id = shop, .name = "shop"}));
            return Environments(*database).insert(transaction, {.id = staging, .project = shop, .name = "staging"});
        });
    }

    void set(const Scope& scope, const std::string& key, const DeclaredValue& value)
    {
        must_write(database, [&](Transaction& transaction) {
            return variables.set(transaction, {scope, key, value, "alice", at(1)});
        });
    }
};

}  // namespace

TEST_CASE("every kind of value keeps its meaning as JSON")
{
    const DeclaredValue values[] = {TextValue{"a ${b} \"c\""}, TextValue{""}, SecretValue{"stripe"},
                                    AliasValue{"OTHER"},       UnsetValue{},  GeneratedValue{16, false},
                                    GeneratedValue{64, true}};
    for (const auto& value : values) {
        const auto text = to_text(to_json(value));
        CAPTURE(text);
        CHECK(declared_value_from_json(parse_json(text).value()).value() == value);
    }
    CHECK(declared_value_from_json(parse_json("{}").value()).error().kind == ErrorKind::integrity);
    CHECK(declared_value_from_json(parse_json("[1]").value()).error().kind == ErrorKind::integrity);
}

TEST_CASE("a variable is set, replaced and unset in its own scope only")
{
    Fixture f;
    f.set(project_scope(shop), "A", TextValue{"1"});
    f.set(previews_scope(shop), "A", TextValue{"2"});
    f.set(project_scope(shop), "A", SecretValue{"s"});
    const auto listed = f.variables.list(project_scope(shop)).value();
    REQUIRE(listed.size() == 1);
    CHECK(listed[0] == StoredVariable{project_scope(shop), "A", SecretValue{"s"}, "alice", at(1)});
    const auto unset = [&] {
        return f.database->write(
            [&](Transaction& transaction) { return f.variables.unset(transaction, project_scope(shop), "A"); });
    };
    CHECK(unset().has_value());
    CHECK(unset().error().kind == ErrorKind::not_found);
    CHECK(f.variables.list(previews_scope(shop))->size() == 1);
}

TEST_CASE("candidates come with their scopes")
{
    Fixture f;
    const Scope scopes[] = {organization_scope(),
                            project_scope(shop),
                            environment_scope(shop, staging),
                            service_scope(shop, staging, "web"),
                            previews_scope(shop),
                            preview_scope(shop, staging)};
    for (const auto& scope : scopes) f.set(scope, "A", TextValue{key_of(scope)});
    const auto found = f.variables.list_candidates(shop, {staging}).value();
    CHECK(found.size() == std::size(scopes));
    for (const auto& variable : found) CHECK(variable.value == DeclaredValue(TextValue{key_of(variable.scope)}));
    CHECK(f.variables.list_candidates(shop, {})->size() == 3);
    CHECK(f.variables.list_candidates(ProjectId("other"), {})->size() == 1);
}

TEST_CASE("variables go with their environment, and none can be set for one that is gone")
{
    Fixture f;
    f.set(environment_scope(shop, staging), "A", TextValue{"1"});
    must_write(f.database,
               [&](Transaction& transaction) { return Environments(*f.database).remove(transaction, staging, at(2)); });
    CHECK(f.variables.list(environment_scope(shop, staging))->empty());
    const auto late = f.database->write([&](Transaction& transaction) {
        return f.variables.set(transaction, {environment_scope(shop, staging), "A", TextValue{"1"}, "alice", at(1)});
    });
    CHECK(late.error().kind == ErrorKind::conflict);
}

TEST_CASE("a generated value stays for the life of its environment")
{
    Fixture f;
    GeneratedValues values(*f.database);
    must_write(f.database, [&](Transaction& transaction) -> Result<void> {
        TRY(values.set(transaction, staging, "vars.A", std::string("text"), at(1)));
        return values.set(transaction, staging, "vars.B", SecretReference{"s-1", 3, ""}, at(1));
    });
    CHECK(values.find(staging, "vars.A").value() == GeneratedValues::Content(std::string("text")));
    CHECK(values.find(staging, "vars.B").value() == GeneratedValues::Content(SecretReference{"s-1", 3, ""}));
    CHECK_FALSE(values.find(staging, "vars.C").value().has_value());
    must_write(f.database,
               [&](Transaction& transaction) { return Environments(*f.database).remove(transaction, staging, at(2)); });
    CHECK_FALSE(values.find(staging, "vars.A").value().has_value());
}

TEST_CASE("no two scopes have the same key")
{
    const Scope scopes[] = {organization_scope(),
                            project_scope(ProjectId("x")),
                            previews_scope(ProjectId("x")),
                            environment_scope(shop, EnvironmentId("x")),
                            preview_scope(shop, EnvironmentId("x")),
                            service_scope(shop, EnvironmentId("x"), "web"),
                            service_scope(shop, EnvironmentId("x"), "api")};
    std::set<std::string> keys;
    for (const auto& scope : scopes) {
        CHECK(keys.insert(key_of(scope)).second);
        CHECK(parse_scope_level(to_string(scope.level)) == scope.level);
    }
}

}  // namespace ramet::storage
