#include "config/keys.hpp"

#include "base/text.hpp"
#include "domain/interpolation.hpp"
#include "domain/names.hpp"

namespace ramet::config {
namespace {

Result<void> check_http_path(std::string_view path)
{
    TRY(check_argument(path));
    if (path.starts_with('/') && path.find(' ') == std::string_view::npos) return {};
    return fail(ErrorKind::invalid, "'{}' is no path of a URL: it starts with '/' and holds no blank", path);
}

Result<void> check_absolute_path(std::string_view path)
{
    TRY(check_argument(path));
    return path.starts_with('/') ? Result<void>{} : fail(ErrorKind::invalid, "'{}' must be an absolute path", path);
}

Result<void> check_custom_domain(std::string_view text)
{
    TRY(check_argument(text));
    const auto pieces = parse_interpolation_at(InterpolationPlace::custom_domain, text);
    if (!pieces) return std::unexpected(pieces.error());
    std::string sample;
    for (const auto& piece : *pieces)
        sample += std::holds_alternative<std::string>(piece) ? std::get<std::string>(piece) : "x";
    return check_host(sample);
}

const Object<Build>& build_object()
{
    static const auto table = [] {
        Object<Build> object("build");
        object.key("context", "folder that the build sees", text(relative_path_rule()), &Build::context);
        object.key("command", "builds in the context; without it the tree is taken as it is", command_type(),
                   &Build::command);
        object.key("dockerfile", "builds an image on a cluster", text(relative_path_rule()), &Build::dockerfile);
        return object;
    }();
    return table;
}

const Object<HealthCheck>& health_object()
{
    static const auto table = [] {
        Object<HealthCheck> object("health");
        object.key("http", "path that answers with 2xx or 3xx when the service is healthy",
                   text({check_http_path, "^/[^\\u0000-\\u0020\\u007f]*$"}), &HealthCheck::http_path);
        object.key("timeout", "from start until the first success", duration(), &HealthCheck::timeout);
        return object;
    }();
    return table;
}

const Object<Resources>& resources_object()
{
    static const auto table = [] {
        Object<Resources> object("resources");
        object.key("cpu", "cores: 500m, 2", cpu_millis(), &Resources::cpu_millis);
        object.key("memory", "bytes: 256Mi", byte_size(), &Resources::memory_bytes);
        return object;
    }();
    return table;
}

const Object<Volume>& volume_object()
{
    static const auto table = [] {
        Object<Volume> object("volume");
        object.key("name", "name of the volume", text(name_rule()), &Volume::name, Presence::required);
        object.key("path", "where the service sees it", text({check_absolute_path, "^/[^\\u0000-\\u001f\\u007f]*$"}),
                   &Volume::path, Presence::required);
        object.key("size", "bytes: 1Gi", byte_size(), &Volume::size_bytes, Presence::required);
        object.key("clone", "previews get a copy of the base's content", boolean(), &Volume::clone);
        return object;
    }();
    return table;
}

const Object<CustomDomain>& custom_domain_object()
{
    static const auto table = [] {
        Object<CustomDomain> object("customDomain");
        object.key("host", "host of the base", text(host_rule()), &CustomDomain::host, Presence::required);
        object.key("preview", "host of a preview, with placeholders",
                   text({check_custom_domain, argument_rule().pattern}), &CustomDomain::preview_pattern);
        return object;
    }();
    return table;
}

struct Chart {
    std::string chart{};
    bool has_values = false;
};

const Object<Chart>& chart_object()
{
    static const auto table = [] {
        Object<Chart> object("helm");
        object.key("chart", "folder of the chart", text(relative_path_rule()), &Chart::chart, Presence::required);
        object.key("values", "values of the chart", anything_type(), &Chart::has_values);
        return object;
    }();
    return table;
}

Type<std::map<std::string, Need>> needs_type()
{
    return mapped(
        name_rule(),
        one_of<Need>({{"started", Need::started}, {"healthy", Need::healthy}, {"completed", Need::completed}}));
}

struct When {
    JobMoment moment = JobMoment::before_start;
    std::string cron{};
};

Type<When> when_type()
{
    auto words = one_of<JobMoment>({{"before-start", JobMoment::before_start},
                                    {"seed", JobMoment::seed},
                                    {"after-create", JobMoment::after_create},
                                    {"after-ready", JobMoment::after_ready},
                                    {"before-delete", JobMoment::before_delete}});
    return {[words](Definitions& definitions) -> Json {
                return {{"anyOf", {words.schema(definitions), text(cron_rule()).schema(definitions)}}};
            },
            [words](Reading& reading, const Node& node) -> std::optional<When> {
                if (node.text.starts_with("cron")) {
                    auto cron = text(cron_rule()).read(reading, node);
                    return cron ? std::optional(When{JobMoment::cron, std::string(trim(cron->substr(4)))})
                                : std::nullopt;
                }
                const auto moment = words.read(reading, node);
                return moment ? std::optional(When{*moment, {}}) : std::nullopt;
            }};
}

/// Keys that services and jobs share.
template <typename T>
void add_program_keys(Object<T>& object)
{
    object.key("from", "copies build, image, env and resources of that service, nothing else", text(name_rule()),
               &T::from);
    object.key("build", "how it is built", object_type(&build_object), &T::build);
    object.key("image", "image on a cluster; waited for", text(image_rule()), &T::image);
    object.key("run", "text: given to /bin/sh -c; list: executed as it is", command_type(), &T::run);
    object.key("needs", "what must be started, healthy or completed before", needs_type(), &T::needs);
    object.key("env", "variables", variables_type(), &T::env);
    object.key("resources", "what it may use", resources_type(), &T::resources);
}

void add_network_keys(Object<Service>& object)
{
    object.key("port", "port that the service listens on (a local service gets its own as $PORT)", integer(1, 65535),
               [](Service& service, std::int64_t port) { service.port = static_cast<int>(port); });
    object.key("public", "has a public host", boolean(), &Service::is_public);
    object.key("domains", "hosts beside the one made by the pattern", list_of(object_type(&custom_domain_object)),
               &Service::domains);
    object.key("health", "when it counts as healthy; without it, when its port accepts", object_type(&health_object),
               &Service::health);
}

const Object<Service>& service_object()
{
    static const auto table = [] {
        Object<Service> object("service");
        add_program_keys(object);
        add_network_keys(object);
        object.key("paths", "globs of files that it is built from, beside its build context",
                   list_of(text(relative_path_rule())), &Service::paths);
        object.key("volumes", "files that outlive the service", list_of(object_type(&volume_object)),
                   &Service::volumes);
        object.key("replicas", "instances", integer(0, 100),
                   [](Service& service, std::int64_t count) { service.replicas = static_cast<int>(count); });
        object.key("strategy", "how a new version takes over",
                   one_of<Strategy>({{"rolling", Strategy::rolling}, {"recreate", Strategy::recreate}}),
                   &Service::strategy);
        object.key("helm", "a chart instead of build, image and run", object_type(&chart_object),
                   [](Service& service, const Chart&) { service.is_helm = true; });
        object.key("manifests", "manifests instead of build, image and run", list_of(text(relative_path_rule())),
                   [](Service& service, const std::vector<std::string>&) { service.is_manifests = true; });
        return object;
    }();
    return table;
}

const Object<Job>& job_object()
{
    static const auto table = [] {
        Object<Job> object("job");
        add_program_keys(object);
        object.key(
            "when", "before-start, seed, after-create, after-ready, before-delete or \"cron …\"", when_type(),
            [](Job& job, const When& when) {
                job.when = when.moment;
                job.cron = when.cron;
            },
            Presence::required);
        object.key("required", "whether its failure fails the run", boolean(), &Job::required);
        object.key("timeout", "how long it may take", duration(), &Job::timeout);
        return object;
    }();
    return table;
}

/// Validated and, as no target serves it yet, only noted among the used keys.
struct ManagedDatabase {
    std::string provider{};
    std::string instance_class{};
};

const Object<ManagedDatabase>& managed_object()
{
    static const auto table = [] {
        Object<ManagedDatabase> object("managedDatabase");
        object.key(
            "provider", "who runs it", one_of<int>({{"aws-rds", 0}}),
            [](ManagedDatabase& managed, int) { managed.provider = "aws-rds"; }, Presence::required);
        object.key("class", "class of the instance", text(argument_rule()), &ManagedDatabase::instance_class);
        return object;
    }();
    return table;
}

const Object<Database>& database_object()
{
    static const auto table = [] {
        Object<Database> object("database");
        object.key("type", "kind of database",
                   one_of<DatabaseType>({{"postgres", DatabaseType::postgres},
                                         {"mysql", DatabaseType::mysql},
                                         {"mariadb", DatabaseType::mariadb},
                                         {"redis", DatabaseType::redis}}),
                   &Database::type, Presence::required);
        object.key("version", "major version", text_or_number(), &Database::version);
        object.key("storage", "bytes: 5Gi", byte_size(), &Database::storage_bytes);
        object.key("mode", "container: run by Ramet; managed: by a cloud",
                   one_of<DatabaseMode>({{"container", DatabaseMode::container}, {"managed", DatabaseMode::managed}}),
                   &Database::mode);
        object.key("managed", "used when the mode is managed", object_type(&managed_object),
                   [](Database&, const ManagedDatabase&) {});
        return object;
    }();
    return table;
}

}  // namespace

Type<Resources> resources_type()
{
    return object_type(&resources_object);
}
Type<Service> service_type()
{
    return object_type(&service_object);
}
Type<Job> job_type()
{
    return object_type(&job_object);
}
Type<Database> database_type()
{
    return object_type(&database_object);
}

}  // namespace ramet::config
