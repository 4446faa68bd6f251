#include "app/snapshot_place.hpp"

#include "app/preparation.hpp"
#include "app/views.hpp"

#include <algorithm>

namespace ramet::app {

namespace {

constexpr std::size_t longest_name = 40;
constexpr auto settling_time = std::chrono::seconds(10);

Result<void> check_is_preview(const Environment& environment)
{
    if (environment.origin == EnvironmentOrigin::preview) return {};
    const auto& name = environment.name;
    const auto* why = environment.is_protected                           ? "is protected"
                      : environment.origin == EnvironmentOrigin::adopted ? "was made by others"
                                                                         : "is a base";
    return std::unexpected(
        Error{ErrorKind::refused,
              fmt::format("{} {}: Ramet makes snapshots of previews only, and puts only them back", name, why),
              {},
              "ramet env clone " + name + " NAME"});
}

Result<void> check_is_served(const Environment& environment, const DesiredDatabase& database)
{
    if (database.strategy == DataStrategy::shared)
        return fail(ErrorKind::refused, "{} of {} is shared: it is another environment's, and Ramet leaves it alone",
                    database.name, environment.name);
    if (database.declared.mode == DatabaseMode::managed)
        return fail(ErrorKind::refused, "{} of {} is managed elsewhere: snapshots of it are its provider's",
                    database.name, environment.name);
    if (database.declared.type != DatabaseType::postgres)
        return fail(ErrorKind::refused, "{} of {} is {}: there are snapshots of PostgreSQL only", database.name,
                    environment.name, to_string(database.declared.type));
    return {};
}

}  // namespace

Result<Place> find_place(App& app, const Caller& caller, const SnapshotName& name)
{
    auto found = TRY(get_visible_environment(app, caller, name.environment));
    TRY(check_is_preview(found.environment));
    const auto desired = TRY(load_desired(app, found.environment.id));
    if (desired)
        for (const auto& database : desired->databases) {
            if (database.name != name.database) continue;
            TRY(check_is_served(found.environment, database));
            return Place{std::move(found), *desired, database};
        }
    return fail(ErrorKind::not_found, "{} has no database {}", found.environment.name, name.database);
}

Result<void> check_snapshot_name(const std::string& name)
{
    const auto is_allowed = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; };
    if (!name.empty() && name.size() <= longest_name && std::ranges::all_of(name, is_allowed)) return {};
    return fail(ErrorKind::invalid,
                "'{}' cannot be the name of a snapshot: lower-case letters, digits and dashes, 1 to {}", name,
                longest_name);
}

Result<void> await_ledger(App& app, const EnvironmentId& id)
{
    const auto run = TRY(newest_run(app, id));
    if (run && engine::is_final(run->state)) TRY(app.engine.wait(run->id, settling_time));
    return {};
}

Result<void> check_is_calm(App& app, const Environment& environment)
{
    if (environment.state == EnvironmentState::deleting)
        return fail(ErrorKind::conflict, "{} is being deleted", environment.name);
    const auto run = TRY(newest_run(app, environment.id));
    if (run && !engine::is_final(run->state))
        return std::unexpected(Error{ErrorKind::conflict,
                                     fmt::format("{} is being changed by the run {}", environment.name, run->id.str()),
                                     {},
                                     "ramet run wait " + run->id.str()});
    TRY(await_ledger(app, environment.id));
    if (environment.observed_generation > 0 && run && run->state != engine::RunState::needs_human) return {};
    return std::unexpected(
        Error{ErrorKind::conflict,
              fmt::format("{} is {}: it has no database to keep", environment.name, to_string(environment.state)),
              environment.reason, "ramet why " + environment.name});
}

}  // namespace ramet::app
