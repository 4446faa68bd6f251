#include "clone/declared_json.hpp"

namespace ramet {

namespace {

template <typename Enum, std::size_t Count>
Enum parse_word(std::string_view word, const Enum (&all)[Count], Enum fallback)
{
    for (const auto value : all)
        if (to_string(value) == word) return value;
    return fallback;
}

Json strings_to_json(const std::vector<std::string>& words)
{
    json::array list;
    for (const auto& word : words) list.emplace_back(word);
    return list;
}

Json to_json(const std::optional<ProjectCommand>& command)
{
    if (!command) return nullptr;
    if (std::holds_alternative<std::string>(*command)) return Json(std::get<std::string>(*command));
    return strings_to_json(std::get<std::vector<std::string>>(*command));
}

std::optional<ProjectCommand> command_from_json(const Json& value)
{
    if (value.is_string()) return ProjectCommand(std::string(value.as_string()));
    if (value.is_array()) return ProjectCommand(strings_from_json(value));
    return std::nullopt;
}

Json to_json(const std::optional<Build>& build)
{
    if (!build) return nullptr;
    json::object object{{"context", build->context}, {"command", to_json(build->command)}};
    if (build->dockerfile) object["dockerfile"] = *build->dockerfile;
    return object;
}

std::optional<Build> build_from_json(const Json& value)
{
    if (!value.is_object()) return std::nullopt;
    Build build{get_string(value, "context", "."), command_from_json(get_member(value, "command"))};
    if (get_member(value, "dockerfile").is_string()) build.dockerfile = get_string(value, "dockerfile");
    return build;
}

Json needs_to_json(const std::map<std::string, Need>& needs)
{
    json::object object;
    for (const auto& [name, need] : needs) object[name] = to_string(need);
    return object;
}

std::map<std::string, Need> needs_from_json(const Json& value)
{
    std::map<std::string, Need> needs;
    if (!value.is_object()) return needs;
    constexpr Need all[] = {Need::started, Need::healthy, Need::completed};
    for (const auto& [name, word] : value.as_object())
        if (word.is_string()) needs[std::string(name)] = parse_word(word.as_string(), all, Need::healthy);
    return needs;
}

Json to_json(const Resources& resources)
{
    json::object object;
    if (resources.cpu_millis) object["cpu_millis"] = *resources.cpu_millis;
    if (resources.memory_bytes) object["memory_bytes"] = *resources.memory_bytes;
    return object;
}

Resources resources_from_json(const Json& value)
{
    Resources resources;
    if (get_member(value, "cpu_millis").is_int64()) resources.cpu_millis = get_int(value, "cpu_millis");
    if (get_member(value, "memory_bytes").is_int64()) resources.memory_bytes = get_int(value, "memory_bytes");
    return resources;
}

Json to_json(const std::optional<HealthCheck>& health)
{
    if (!health) return nullptr;
    return json::object{{"http_path", health->http_path}, {"timeout_ms", health->timeout.count()}};
}

std::optional<HealthCheck> health_from_json(const Json& value)
{
    if (!value.is_object()) return std::nullopt;
    return HealthCheck{get_string(value, "http_path"), Milliseconds(get_int(value, "timeout_ms", 60'000))};
}

Json volumes_to_json(const std::vector<Volume>& volumes)
{
    json::array list;
    for (const auto& volume : volumes)
        list.push_back(json::object{
            {"name", volume.name}, {"path", volume.path}, {"size_bytes", volume.size_bytes}, {"clone", volume.clone}});
    return list;
}

std::vector<Volume> volumes_from_json(const Json& list)
{
    std::vector<Volume> volumes;
    if (!list.is_array()) return volumes;
    for (const auto& element : list.as_array())
        volumes.push_back({get_string(element, "name"), get_string(element, "path"), get_int(element, "size_bytes"),
                           get_bool(element, "clone")});
    return volumes;
}

Json domains_to_json(const std::vector<CustomDomain>& domains)
{
    json::array list;
    for (const auto& domain : domains)
        list.push_back(json::object{{"host", domain.host}, {"preview", domain.preview_pattern}});
    return list;
}

std::vector<CustomDomain> domains_from_json(const Json& list)
{
    std::vector<CustomDomain> domains;
    if (!list.is_array()) return domains;
    for (const auto& element : list.as_array())
        domains.push_back({get_string(element, "host"), get_string(element, "preview")});
    return domains;
}

}  // namespace

std::vector<std::string> strings_from_json(const Json& list)
{
    std::vector<std::string> words;
    if (!list.is_array()) return words;
    for (const auto& element : list.as_array())
        if (element.is_string()) words.emplace_back(element.as_string());
    return words;
}

DataStrategy parse_data_strategy(std::string_view word)
{
    constexpr DataStrategy all[] = {DataStrategy::clone, DataStrategy::seed, DataStrategy::empty, DataStrategy::shared};
    return parse_word(word, all, DataStrategy::empty);
}

Json declared_to_json(const Service& service)
{
    return json::object{{"name", service.name},
                        {"build", to_json(service.build)},
                        {"image", service.image},
                        {"run", to_json(service.run)},
                        {"port", service.port ? Json(*service.port) : Json(nullptr)},
                        {"public", service.is_public},
                        {"domains", domains_to_json(service.domains)},
                        {"paths", strings_to_json(service.paths)},
                        {"needs", needs_to_json(service.needs)},
                        {"health", to_json(service.health)},
                        {"resources", to_json(service.resources)},
                        {"volumes", volumes_to_json(service.volumes)},
                        {"replicas", service.replicas},
                        {"strategy", to_string(service.strategy)},
                        {"from", service.from},
                        {"helm", service.is_helm},
                        {"manifests", service.is_manifests}};
}

Service declared_service_from_json(const Json& value)
{
    Service service;
    service.name = get_string(value, "name");
    service.build = build_from_json(get_member(value, "build"));
    service.image = get_string(value, "image");
    service.run = command_from_json(get_member(value, "run"));
    if (get_member(value, "port").is_int64()) service.port = static_cast<int>(get_int(value, "port"));
    service.is_public = get_bool(value, "public");
    service.domains = domains_from_json(get_member(value, "domains"));
    service.paths = strings_from_json(get_member(value, "paths"));
    service.needs = needs_from_json(get_member(value, "needs"));
    service.health = health_from_json(get_member(value, "health"));
    service.resources = resources_from_json(get_member(value, "resources"));
    service.volumes = volumes_from_json(get_member(value, "volumes"));
    service.replicas = static_cast<int>(get_int(value, "replicas", 1));
    constexpr Strategy strategies[] = {Strategy::rolling, Strategy::recreate};
    service.strategy = parse_word(get_string(value, "strategy"), strategies, Strategy::rolling);
    service.from = get_string(value, "from");
    service.is_helm = get_bool(value, "helm");
    service.is_manifests = get_bool(value, "manifests");
    return service;
}

Json declared_to_json(const Job& job)
{
    return json::object{
        {"name", job.name},         {"build", to_json(job.build)},       {"image", job.image},
        {"run", to_json(job.run)},  {"when", to_string(job.when)},       {"cron", job.cron},
        {"required", job.required}, {"needs", needs_to_json(job.needs)}, {"resources", to_json(job.resources)},
        {"from", job.from},         {"timeout_ms", job.timeout.count()}};
}

Job declared_job_from_json(const Json& value)
{
    Job job;
    job.name = get_string(value, "name");
    job.build = build_from_json(get_member(value, "build"));
    job.image = get_string(value, "image");
    job.run = command_from_json(get_member(value, "run"));
    constexpr JobMoment moments[] = {JobMoment::before_start, JobMoment::seed,          JobMoment::after_create,
                                     JobMoment::after_ready,  JobMoment::before_delete, JobMoment::cron};
    job.when = parse_word(get_string(value, "when"), moments, JobMoment::before_start);
    job.cron = get_string(value, "cron");
    job.required = get_bool(value, "required", true);
    job.needs = needs_from_json(get_member(value, "needs"));
    job.resources = resources_from_json(get_member(value, "resources"));
    job.from = get_string(value, "from");
    job.timeout = Milliseconds(get_int(value, "timeout_ms", job.timeout.count()));
    return job;
}

Json declared_to_json(const Database& database)
{
    return json::object{{"name", database.name},
                        {"type", to_string(database.type)},
                        {"version", database.version},
                        {"storage_bytes", database.storage_bytes},
                        {"mode", database.mode == DatabaseMode::managed ? "managed" : "container"}};
}

Database declared_database_from_json(const Json& value)
{
    Database database;
    database.name = get_string(value, "name");
    constexpr DatabaseType types[] = {DatabaseType::postgres, DatabaseType::mysql, DatabaseType::mariadb,
                                      DatabaseType::redis};
    database.type = parse_word(get_string(value, "type"), types, DatabaseType::postgres);
    database.version = get_string(value, "version");
    database.storage_bytes = get_int(value, "storage_bytes");
    database.mode = get_string(value, "mode") == "managed" ? DatabaseMode::managed : DatabaseMode::container;
    return database;
}

TargetType parse_target_type(std::string_view word)
{
    constexpr TargetType types[] = {TargetType::local, TargetType::kubernetes, TargetType::aws};
    return parse_word(word, types, TargetType::local);
}

Json declared_to_json(const DataPolicy& policy)
{
    json::object object{{"strategy", to_string(policy.strategy)},
                        {"from", policy.from},
                        {"max_age_ms", policy.max_age.count()},
                        {"refresh", policy.refresh_cron},
                        {"mask", policy.mask},
                        {"on_push", policy.on_push == OnPush::reset ? "reset" : "keep"},
                        {"fallback", nullptr}};
    if (policy.fallback) object["fallback"] = to_string(*policy.fallback);
    return object;
}

DataPolicy declared_data_policy_from_json(const Json& value)
{
    DataPolicy policy;
    policy.strategy = parse_data_strategy(get_string(value, "strategy", "clone"));
    policy.from = get_string(value, "from");
    policy.max_age = Milliseconds(get_int(value, "max_age_ms", policy.max_age.count()));
    policy.refresh_cron = get_string(value, "refresh");
    policy.mask = get_string(value, "mask");
    policy.on_push = get_string(value, "on_push") == "reset" ? OnPush::reset : OnPush::keep;
    if (get_member(value, "fallback").is_string()) policy.fallback = parse_data_strategy(get_string(value, "fallback"));
    return policy;
}

Json declared_to_json(const DeployPolicy& policy)
{
    return json::object{{"changed_only", policy.changed_only},
                        {"timeout_ms", policy.timeout.count()},
                        {"on_failure", policy.on_failure == OnFailure::roll_back ? "roll-back" : "keep-last-good"},
                        {"keep_failed_ms", policy.keep_failed.count()}};
}

DeployPolicy declared_deploy_from_json(const Json& value)
{
    DeployPolicy policy;
    policy.changed_only = get_bool(value, "changed_only", true);
    policy.timeout = Milliseconds(get_int(value, "timeout_ms", policy.timeout.count()));
    policy.on_failure =
        get_string(value, "on_failure") == "roll-back" ? OnFailure::roll_back : OnFailure::keep_last_good;
    policy.keep_failed = Milliseconds(get_int(value, "keep_failed_ms"));
    return policy;
}

}  // namespace ramet
