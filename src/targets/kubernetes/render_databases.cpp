#include "targets/kubernetes/render_pods.hpp"

namespace ramet::targets::kubernetes {

namespace {

constexpr std::string_view password_key = "PASSWORD";

/// An engine's own image, as its makers publish it, and the user that it runs as there.
struct Image {
    std::string_view repository;
    std::string_view version;  ///< unless the file says one
    std::int64_t user;
};
constexpr Image postgres_image{"docker.io/library/postgres", "15", 999};
constexpr Image redis_image{"docker.io/library/redis", "7", 999};

/// Done once by the image, in the empty database, before anybody can connect: the services' role is no superuser, and the superuser cannot
/// come in over the network.
constexpr std::string_view first_steps =
    R"(psql --set ON_ERROR_STOP=1 --no-password --username postgres --dbname postgres <<'SQL'
\set role `printf %s "$RAMET_ROLE"`
\set database `printf %s "$RAMET_DATABASE"`
\set password `printf %s "$PASSWORD"`
CREATE ROLE :"role" LOGIN PASSWORD :'password';
CREATE DATABASE :"database" OWNER :"role";
ALTER ROLE CURRENT_USER PASSWORD NULL;
SQL
touch "$PGDATA/ramet-made"
)";

/// A first start that was cut off left something that is no database yet: it begins anew.
constexpr std::string_view start = R"([ -e "$PGDATA/ramet-made" ] || rm -rf "$PGDATA"
exec docker-entrypoint.sh postgres)";

constexpr std::string_view can_be_used =
    R"(PGPASSWORD="$PASSWORD" psql --quiet --no-psqlrc --host 127.0.0.1 --username "$RAMET_ROLE" --dbname "$RAMET_DATABASE" --command 'SELECT 1')";

json::object plain(std::string_view name, std::string_view value)
{
    return {{"name", name}, {"value", value}};
}

json::object from_secret(std::string_view name, std::string_view secret)
{
    return {{"name", name},
            {"valueFrom", json::object{{"secretKeyRef", json::object{{"name", secret}, {"key", password_key}}}}}};
}

json::object mount(std::string_view name, std::string_view path)
{
    return {{"name", name}, {"mountPath", path}};
}

json::object make_container(const DesiredDatabase& database, const Image& image)
{
    const auto& version = database.declared.version;
    json::object container{
        {"name", database.name},
        {"image", fmt::format("{}:{}", image.repository, version.empty() ? image.version : version)},
        {"ports", json::array{json::object{{"name", "main"}, {"containerPort", port_of(database.declared)}}}},
        {"resources", resources_of({})},
        {"securityContext", container_security()},
        {"terminationMessagePolicy", "FallbackToLogsOnError"}};
    return container;
}

/// Ready when `command` succeeds; it has a quarter of an hour for its first start.
void add_probes(json::object& container, json::array command)
{
    json::object probe{
        {"exec", json::object{{"command", std::move(command)}}}, {"periodSeconds", 1}, {"timeoutSeconds", 5}};
    auto startup = probe;
    startup["failureThreshold"] = 900;
    container["startupProbe"] = std::move(startup);
    container["readinessProbe"] = std::move(probe);
}

/// Its name leads to its pod itself, from the moment in which that has an address: whoever waits for the database finds it when it is
/// ready. A virtual address would be known to the nodes only some time after that.
json::object make_direct_address(const std::string& name, int port)
{
    auto object = make_address(name, port);
    auto& spec = object["spec"].as_object();
    spec["clusterIP"] = "None";
    spec["publishNotReadyAddresses"] = true;
    return object;
}

json::object make_stateful_set(const std::string& name, json::object pods)
{
    auto object = make_object("apps/v1", "StatefulSet", name);
    object["spec"] = json::object{{"replicas", 1},
                                  {"serviceName", name},
                                  {"revisionHistoryLimit", 1},
                                  {"selector", select_part(name)},
                                  {"template", std::move(pods)}};
    return object;
}

json::object make_pods_of(const Rendering& rendering, const DesiredDatabase& database, const Image& image,
                          json::object container, json::array volumes, json::object annotations)
{
    auto pods = make_pods(rendering, database.name, std::move(container), std::move(annotations));
    auto& pod = pod_of(pods);
    auto& security = pod["securityContext"].as_object();
    security["runAsUser"] = image.user;
    security["runAsGroup"] = image.user;
    security["fsGroup"] = image.user;
    pod["volumes"] = std::move(volumes);
    return pods;
}

/// Where its rows are. A reset makes another one, beside the old one until that is not needed any more.
std::string render_claim(Rendering& rendering, const DesiredDatabase& database)
{
    auto claim = make_claim(rendering, {{"generateName", database.name + "-"}}, database.declared.storage_bytes);
    auto path = data_path(database.name);
    rendering.add_object(path, std::move(claim), {}, {{"incarnation", database.incarnation}});
    return path;
}

/// Account, password and address of a database. Its password is the Secret's, under `password_key`.
Result<std::vector<std::string>> render_surroundings(Rendering& rendering, const DesiredDatabase& database,
                                                     std::string& secrets_used)
{
    auto password = TRY(render_value(rendering, {database.password}, secrets_used));
    auto needs = rendering.guards();
    for (auto& path : render_account(rendering, database.name, {{password_key, std::move(password)}}))
        needs.push_back(std::move(path));
    needs.push_back(address_path(database.name));
    rendering.add_object(needs.back(), make_direct_address(database.name, port_of(database.declared)));
    return needs;
}

Result<void> render_postgres(Rendering& rendering, const DesiredDatabase& database)
{
    const auto& name = database.name;
    std::string secrets_used;
    auto needs = TRY(render_surroundings(rendering, database, secrets_used));
    needs.push_back(render_claim(rendering, database));
    auto steps = make_object("v1", "ConfigMap", name);
    steps["data"] = json::object{{"role.sh", first_steps}};
    needs.push_back(fmt::format("settings/{}", name));
    rendering.add_object(needs.back(), std::move(steps));

    auto container = make_container(database, postgres_image);
    container["env"] = json::array{plain("PGDATA", "/var/lib/postgresql/data/pgdata"),
                                   plain("RAMET_ROLE", database.role), plain("RAMET_DATABASE", database.database_name),
                                   from_secret(password_key, name), from_secret("POSTGRES_PASSWORD", name)};
    container["volumeMounts"] =
        json::array{mount("data", "/var/lib/postgresql/data"), mount("first", "/docker-entrypoint-initdb.d"),
                    mount("run", "/var/run/postgresql"), mount("memory", "/dev/shm")};
    container["command"] = json::array{"/bin/sh", "-c", start};
    // Over the network: while it fills itself for the first time it listens on a socket only.
    add_probes(container, {"/bin/sh", "-c", can_be_used});
    const auto claim = output_of(data_path(name), "name");
    json::array volumes{
        json::object{{"name", "data"}, {"persistentVolumeClaim", json::object{{"claimName", claim}}}},
        json::object{{"name", "first"}, {"configMap", json::object{{"name", name}}}},
        json::object{{"name", "run"}, {"emptyDir", json::object()}},
        json::object{{"name", "memory"}, {"emptyDir", json::object{{"medium", "Memory"}, {"sizeLimit", "128Mi"}}}}};
    auto pods = make_pods_of(rendering, database, postgres_image, std::move(container), std::move(volumes), {});
    rendering.add_object(database_path(name), make_stateful_set(name, std::move(pods)), std::move(needs));
    return {};
}

Result<void> render_redis(Rendering& rendering, const DesiredDatabase& database)
{
    const auto& name = database.name;
    std::string secrets_used;
    auto needs = TRY(render_surroundings(rendering, database, secrets_used));
    auto container = make_container(database, redis_image);
    // Its settings come by standard input: an argument would be seen by everybody who may list processes.
    container["command"] = json::array{
        "/bin/sh", "-c", "printf 'requirepass %s\\nsave \"\"\\ndir /data\\n' \"$PASSWORD\" | exec redis-server -"};
    container["env"] = json::array{from_secret(password_key, name), from_secret("REDISCLI_AUTH", name)};
    container["volumeMounts"] = json::array{mount("data", "/data")};
    add_probes(container, {"/bin/sh", "-c", "redis-cli ping | grep -q PONG"});
    auto annotations = annotate_secrets(secrets_used);
    annotations["ramet.dev/incarnation"] = fmt::format("{}", database.incarnation);
    auto pods = make_pods_of(rendering, database, redis_image, std::move(container),
                             {json::object{{"name", "data"}, {"emptyDir", json::object()}}}, std::move(annotations));
    rendering.add_object(database_path(name), make_stateful_set(name, std::move(pods)), std::move(needs));
    return {};
}

Result<void> check_served(const DesiredDatabase& database)
{
    const auto refuse = [&](std::string_view what, std::string next_step) {
        return std::unexpected(
            Error{ErrorKind::refused,
                  fmt::format("databases.{}: {} is not served on a cluster yet", database.name, what),
                  {},
                  std::move(next_step)});
    };
    if (database.declared.mode == DatabaseMode::managed) return refuse("`mode: managed`", "use `mode: container`");
    if (!database.snapshot.resource.empty()) return refuse("a snapshot of its data", "reset it instead");
    if (database.strategy == DataStrategy::clone)
        return refuse("`strategy: clone`", "say `seed` or `empty` under previews.data");
    if (database.strategy == DataStrategy::shared)
        return refuse("`strategy: shared`", "say `seed` or `empty` under previews.data");
    return {};
}

Result<void> render_database(Rendering& rendering, const DesiredDatabase& database)
{
    TRY(check_served(database));
    switch (database.declared.type) {
    case DatabaseType::postgres: return render_postgres(rendering, database);
    case DatabaseType::redis: return render_redis(rendering, database);
    case DatabaseType::mysql:
    case DatabaseType::mariadb: break;
    }
    return fail(ErrorKind::refused, "databases.{}: {} is not served on a cluster yet", database.name,
                to_string(database.declared.type));
}

}  // namespace

Result<void> render_databases(Rendering& rendering)
{
    for (const auto& database : rendering.desired.databases) TRY(render_database(rendering, database));
    return {};
}

}  // namespace ramet::targets::kubernetes
