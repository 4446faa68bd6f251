// schema/openapi.yaml and the code say the same.
#include "api/openapi.hpp"

#include "api/json_views.hpp"
#include "api/routes.hpp"

#include <doctest/doctest.h>

#include <set>

namespace ramet::api {

namespace {

const Json& contract()
{
    static const Json document = parse_json(openapi_document()).value();
    return document;
}

std::string role_of(const Route& route)
{
    return route.policy.kind == Policy::Kind::open ? "open" : std::string(app::to_string(route.policy.role));
}

/// "GET /healthz open" and so on.
std::set<std::string> calls_of_code()
{
    std::set<std::string> calls;
    for (const auto& route : all_routes())
        calls.insert(fmt::format("{} {} {}", route.method, route.pattern, role_of(route)));
    return calls;
}

std::set<std::string> calls_of_contract()
{
    std::set<std::string> calls;
    for (const auto& [path, item] : get_member(contract(), "paths").as_object())
        for (const std::string_view method : {"GET", "POST", "PUT", "PATCH", "DELETE"}) {
            std::string key(method);
            std::ranges::transform(key, key.begin(), [](char c) { return static_cast<char>(c | 0x20); });
            const auto& operation = get_member(item, key);
            if (operation.is_object())
                calls.insert(fmt::format("{} {} {}", method, std::string_view(path), get_string(operation, "x-role")));
        }
    return calls;
}

std::set<std::string> keys_of(const Json& object)
{
    std::set<std::string> keys;
    for (const auto& member : object.as_object()) keys.insert(std::string(member.key()));
    return keys;
}

const Json& schema_of(std::string_view name)
{
    return get_member(get_member(get_member(contract(), "components"), "schemas"), name);
}

std::set<std::string> required_of(std::string_view name)
{
    std::set<std::string> keys;
    for (const auto& key : get_member(schema_of(name), "required").as_array())
        keys.insert(std::string(key.as_string()));
    return keys;
}

bool has_type(const Json& value, const std::string& type)
{
    if (type == "string") return value.is_string();
    if (type == "integer") return value.is_int64() || value.is_uint64();
    if (type == "boolean") return value.is_bool();
    if (type == "array") return value.is_array();
    if (type == "object") return value.is_object();
    return type == "null" && value.is_null();
}

/// Whether the value is of a type that the property names; properties by reference are objects.
bool fits(const Json& value, const Json& property)
{
    const auto& type = get_member(property, "type");
    if (type.is_string()) return has_type(value, std::string(type.as_string()));
    if (!type.is_array()) return true;
    return std::ranges::any_of(type.as_array(),
                               [&](const Json& one) { return has_type(value, std::string(one.as_string())); });
}

void check_view(std::string_view name, const Json& view)
{
    CAPTURE(name);
    const auto& properties = get_member(schema_of(name), "properties");
    REQUIRE(properties.is_object());
    CHECK(keys_of(view) == keys_of(properties));
    CHECK(keys_of(view) == required_of(name));
    for (const auto& [key, value] : view.as_object()) {
        CAPTURE(std::string(key));
        CHECK(fits(value, get_member(properties, key)));
    }
}

}  // namespace

TEST_CASE("each route stands in the contract with its role, and each operation of the contract is a route")
{
    const auto code = calls_of_code();
    const auto written = calls_of_contract();
    for (const auto& call : code) CHECK_MESSAGE(written.contains(call), "not in schema/openapi.yaml: " << call);
    for (const auto& call : written) CHECK_MESSAGE(code.contains(call), "not in the route tables: " << call);
    CHECK(code.size() == all_routes().size());
}

TEST_CASE("each POST that must not happen twice takes an Idempotency-Key in the contract, and no other call does")
{
    for (const auto& route : all_routes()) {
        CAPTURE(route.method + " " + route.pattern);
        const auto method = route.method == "POST" ? "post" : "none";
        const auto& operation = get_member(get_member(get_member(contract(), "paths"), route.pattern), method);
        const bool is_declared = to_text(get_member(operation, "parameters")).contains("parameters/idempotencyKey");
        const bool is_taken = route.method == "POST" && route.policy.kind == Policy::Kind::role &&
                              route.repetition != Repetition::does_no_harm;
        CHECK(is_declared == is_taken);
    }
}

TEST_CASE("each path parameter is declared, and each operation has a name of its own")
{
    std::set<std::string> names;
    for (const auto& [path, item] : get_member(contract(), "paths").as_object()) {
        CAPTURE(std::string(path));
        const auto parameters = std::ranges::count(std::string_view(path), '{');
        const auto& declared = get_member(item, "parameters");
        CHECK((declared.is_array() ? declared.as_array().size() : 0) == static_cast<std::size_t>(parameters));
        for (const auto& [key, operation] : item.as_object())
            if (operation.is_object()) CHECK(names.insert(get_string(operation, "operationId")).second);
    }
    CHECK(names.size() == all_routes().size());
}

TEST_CASE("replies have exactly the keys and types that the contract requires")
{
    app::EnvironmentView environment;
    environment.services.resize(1);
    environment.databases.resize(1);
    check_view("Environment", to_json(environment));
    check_view("Service", to_json(app::ServiceView{}));
    check_view("Database", to_json(app::DatabaseView{}));
    check_view("Snapshot", to_json(app::SnapshotView{}));
    check_view("SnapshotStarted", to_json(app::SnapshotStarted{}));
    check_view("Project", to_json(app::ProjectView{}));
    check_view("Started", to_json(app::Started{}));
    check_view("Explanation", to_json(app::Explanation{}));
    check_view("Plan", to_json(app::PlanView{}));
    check_view("Variable", to_json(app::VariableView{}));
    check_view("Secret", to_json(app::SecretView{}));
    check_view("Delivery", to_json(app::DeliveryView{}));
    check_view("Token", to_json(app::TokenView{}));
    check_view("Check", to_json(app::Check{}));
    check_view("AuditEntry", to_json(app::AuditEntry{}));
    check_view("Event", to_json(app::EventView{}));
    check_view("Run", to_json(engine::RunView{}));
    check_view("Step", to_json(engine::StepView{}));
    check_view("SweepReport", to_json(engine::SweepReport{}));
    const auto error = error_to_json({ErrorKind::invalid, "m", "e", "n", "w"});
    CHECK(keys_of(error) == keys_of(get_member(schema_of("Error"), "properties")));
}

TEST_CASE("no reply schema can hold a secret's value or a token's hash")
{
    for (const std::string_view name : {"Secret", "Token", "Environment", "Database", "Project"})
        for (const std::string_view key : {"value", "secret", "password", "token", "hash", "url"})
            CHECK_FALSE(get_member(schema_of(name), "properties").as_object().contains(key));
}

}  // namespace ramet::api
