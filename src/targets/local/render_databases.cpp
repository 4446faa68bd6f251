#include "targets/local/postgres/spec.hpp"
#include "targets/local/render_pieces.hpp"
#include "targets/local/values.hpp"

namespace ramet::targets::local {
namespace {

void render_postgres(Rendering& rendering, const DesiredDatabase& database)
{
    postgres::DatabaseSpec spec{.database = database.name,
                                .environment = rendering.desired.id,
                                .strategy = database.strategy,
                                .golden = database.golden,
                                .snapshot = database.snapshot.resource,
                                .incarnation = database.incarnation,
                                .role = database.role,
                                .database_name = database.database_name,
                                .password = database.password};
    if (!database.declared.version.empty()) spec.version = database.declared.version;
    // What a preview holds can be cloned again; a base cannot.
    if (rendering.desired.origin != EnvironmentOrigin::preview) spec.durability = postgres::Durability::durable;
    for (auto& node : postgres::database_nodes(spec)) rendering.add(std::move(node));
}

void render_redis(Rendering& rendering, const DesiredDatabase& database)
{
    std::vector<std::string> needs = {home_path};
    json::object spec{{"database", database.name},
                      {"uid", output_of(home_path, "database_uid")},
                      {"incarnation", database.incarnation},
                      {"password", encode_value({database.password}, needs)}};
    rendering.add({.path = fmt::format("database/{}", database.name),
                   .kind = "redis.server",
                   .spec = std::move(spec),
                   .needs = std::move(needs),
                   .outputs = {"host", "port"}});
}

Result<void> render_database(Rendering& rendering, const DesiredDatabase& database)
{
    if (database.declared.mode == DatabaseMode::managed)
        return fail(ErrorKind::refused, "databases.{}: `mode: managed` is not served on this machine", database.name);
    switch (database.declared.type) {
    case DatabaseType::postgres: render_postgres(rendering, database); return {};
    case DatabaseType::redis: render_redis(rendering, database); return {};
    case DatabaseType::mysql:
    case DatabaseType::mariadb: break;
    }
    return fail(ErrorKind::refused, "databases.{}: {} is not served on this machine", database.name,
                to_string(database.declared.type));
}

}  // namespace

Result<void> render_databases(Rendering& rendering)
{
    for (const auto& database : rendering.desired.databases)
        if (is_own(database)) TRY(render_database(rendering, database));
    return {};
}

}  // namespace ramet::targets::local
