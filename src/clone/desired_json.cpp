#include "clone/desired_json.hpp"

#include "clone/declared_json.hpp"

namespace ramet {

namespace {

constexpr std::int64_t format = 1;

Json env_to_json(const std::vector<ResolvedVariable>& env)
{
    json::array list;
    for (const auto& variable : env)
        list.push_back(json::object{{"key", variable.key}, {"value", to_json(variable.value)}});
    return list;
}

Result<std::vector<ResolvedVariable>> env_from_json(const Json& list)
{
    std::vector<ResolvedVariable> env;
    if (!list.is_array()) return env;
    for (const auto& element : list.as_array()) {
        auto value = TRY(resolved_value_from_json(get_member(element, "value")));
        env.push_back({get_string(element, "key"), std::move(value)});
    }
    return env;
}

Json service_to_json(const DesiredService& service)
{
    json::array hosts;
    for (const auto& host : service.public_hosts) hosts.emplace_back(host);
    return json::object{{"name", service.name},
                        {"declared", declared_to_json(service.declared)},
                        {"env", env_to_json(service.env)},
                        {"public_hosts", std::move(hosts)},
                        {"treatment", to_string(service.treatment)},
                        {"input_hash", service.input_hash},
                        {"restarts_asked", service.restarts_asked}};
}

Treatment parse_treatment(std::string_view word)
{
    using enum Treatment;
    for (const auto treatment : {rebuilt, copied, shared, skipped})
        if (to_string(treatment) == word) return treatment;
    return rebuilt;
}

Result<DesiredService> service_from_json(const Json& value)
{
    DesiredService service;
    service.name = get_string(value, "name");
    service.declared = declared_service_from_json(get_member(value, "declared"));
    service.env = TRY(env_from_json(get_member(value, "env")));
    service.public_hosts = strings_from_json(get_member(value, "public_hosts"));
    service.treatment = parse_treatment(get_string(value, "treatment"));
    service.input_hash = get_string(value, "input_hash");
    service.restarts_asked = get_int(value, "restarts_asked");
    return service;
}

Json job_to_json(const DesiredJob& job)
{
    return json::object{{"name", job.name},
                        {"declared", declared_to_json(job.declared)},
                        {"env", env_to_json(job.env)},
                        {"input_hash", job.input_hash}};
}

Result<DesiredJob> job_from_json(const Json& value)
{
    DesiredJob job;
    job.name = get_string(value, "name");
    job.declared = declared_job_from_json(get_member(value, "declared"));
    job.env = TRY(env_from_json(get_member(value, "env")));
    job.input_hash = get_string(value, "input_hash");
    return job;
}

Json database_to_json(const DesiredDatabase& database)
{
    json::object object{{"name", database.name},
                        {"declared", declared_to_json(database.declared)},
                        {"strategy", to_string(database.strategy)},
                        {"policy", declared_to_json(database.policy)},
                        {"golden", database.golden.str()},
                        {"incarnation", database.incarnation},
                        {"role", database.role},
                        {"database_name", database.database_name},
                        {"password", to_json(ResolvedValue{database.password})}};
    if (!database.snapshot.resource.empty()) object["snapshot"] = to_json(database.snapshot);
    return object;
}

/// An empty one where none was stored.
Result<SecretReference> secret_from_json(const Json& value)
{
    const auto read = TRY(resolved_value_from_json(value));
    const auto* secret = read.empty() ? nullptr : std::get_if<SecretReference>(&read.front());
    return secret == nullptr ? SecretReference{} : *secret;
}

Result<DesiredDatabase> database_from_json(const Json& value)
{
    DesiredDatabase database;
    database.name = get_string(value, "name");
    database.declared = declared_database_from_json(get_member(value, "declared"));
    database.strategy = parse_data_strategy(get_string(value, "strategy"));
    database.policy = declared_data_policy_from_json(get_member(value, "policy"));
    database.golden = GoldenId(get_string(value, "golden"));
    database.snapshot = data_snapshot_from_json(get_member(value, "snapshot"));
    database.incarnation = get_int(value, "incarnation", 1);
    database.role = get_string(value, "role");
    database.database_name = get_string(value, "database_name");
    database.password = TRY(secret_from_json(get_member(value, "password")));
    return database;
}

template <typename Items, typename ToJson>
Json list_to_json(const Items& items, const ToJson& one)
{
    json::array list;
    for (const auto& item : items) list.push_back(one(item));
    return list;
}

template <typename Item, typename FromJson>
Result<std::vector<Item>> list_from_json(const Json& list, const FromJson& one)
{
    std::vector<Item> items;
    if (!list.is_array()) return items;
    for (const auto& element : list.as_array()) {
        auto item = TRY(one(element));
        items.push_back(std::move(item));
    }
    return items;
}

}  // namespace

Json to_json(const ResolvedValue& value)
{
    struct Visitor {
        Json operator()(const std::string& text) const { return Json(text); }
        Json operator()(const SecretReference& secret) const
        {
            return json::object{{"$secret", secret.id}, {"version", secret.version}, {"name", secret.name}};
        }
        Json operator()(const OutputReference& reference) const
        {
            return json::object{{"$out", json::array{reference.resource, reference.output}}};
        }
    };
    return list_to_json(value, [](const Segment& segment) { return std::visit(Visitor{}, segment); });
}

Result<ResolvedValue> resolved_value_from_json(const Json& value)
{
    ResolvedValue read;
    if (!value.is_array()) return read;
    for (const auto& element : value.as_array()) {
        if (element.is_string()) {
            read.emplace_back(std::string(element.as_string()));
        } else if (get_member(element, "$secret").is_string()) {
            read.emplace_back(SecretReference{get_string(element, "$secret"), get_int(element, "version"),
                                              get_string(element, "name")});
        } else if (const auto& out = get_member(element, "$out"); out.is_array() && out.as_array().size() == 2) {
            const auto words = strings_from_json(out);
            read.emplace_back(OutputReference{words[0], words[1]});
        } else {
            return fail(ErrorKind::integrity, "a stored value has a piece that cannot be read: {}", to_text(element));
        }
    }
    return read;
}

Json to_json(const DesiredEnvironment& desired)
{
    return json::object{{"format", format},
                        {"id", desired.id.str()},
                        {"project", desired.project.str()},
                        {"project_name", desired.project_name},
                        {"name", desired.name},
                        {"origin", to_string(desired.origin)},
                        {"generation", desired.generation},
                        {"base", desired.base.str()},
                        {"target", desired.target},
                        {"target_type", to_string(desired.target_type)},
                        {"target_keys", json::value_from(desired.target_keys)},
                        {"registry_login", to_json(ResolvedValue{desired.registry_login})},
                        {"domain", desired.domain},
                        {"repository_url", desired.repository_url},
                        {"commit", desired.commit.str()},
                        {"branch", desired.branch},
                        {"pull_request", desired.pull_request},
                        {"power", desired.power == Power::on ? "on" : "off"},
                        {"services", list_to_json(desired.services, service_to_json)},
                        {"databases", list_to_json(desired.databases, database_to_json)},
                        {"jobs", list_to_json(desired.jobs, job_to_json)},
                        {"deploy", declared_to_json(desired.deploy)}};
}

Result<DesiredEnvironment> desired_from_json(const Json& value)
{
    if (get_int(value, "format") != format)
        return fail(ErrorKind::integrity, "a stored environment is of format {}, which this version does not read",
                    get_int(value, "format"));
    DesiredEnvironment desired;
    desired.id = EnvironmentId(get_string(value, "id"));
    desired.project = ProjectId(get_string(value, "project"));
    desired.project_name = get_string(value, "project_name");
    desired.name = get_string(value, "name");
    desired.origin = parse_environment_origin(get_string(value, "origin"));
    desired.generation = get_int(value, "generation");
    desired.base = EnvironmentId(get_string(value, "base"));
    desired.target = get_string(value, "target");
    desired.target_type = parse_target_type(get_string(value, "target_type", "local"));
    if (const auto* keys = get_member(value, "target_keys").if_object())
        for (const auto& [key, text] : *keys) desired.target_keys[key] = text.as_string();
    desired.registry_login = TRY(secret_from_json(get_member(value, "registry_login")));
    desired.domain = get_string(value, "domain", "localhost");
    desired.repository_url = get_string(value, "repository_url");
    desired.commit = CommitSha(get_string(value, "commit"));
    desired.branch = get_string(value, "branch");
    desired.pull_request = get_int(value, "pull_request");
    desired.power = get_string(value, "power") == "off" ? Power::off : Power::on;
    desired.services = TRY(list_from_json<DesiredService>(get_member(value, "services"), service_from_json));
    desired.databases = TRY(list_from_json<DesiredDatabase>(get_member(value, "databases"), database_from_json));
    desired.jobs = TRY(list_from_json<DesiredJob>(get_member(value, "jobs"), job_from_json));
    desired.deploy = declared_deploy_from_json(get_member(value, "deploy"));
    return desired;
}

Json to_json(const DataSnapshot& snapshot)
{
    return json::object{{"name", snapshot.name}, {"resource", snapshot.resource}};
}

DataSnapshot data_snapshot_from_json(const Json& value)
{
    return {get_string(value, "name"), get_string(value, "resource")};
}

}  // namespace ramet
