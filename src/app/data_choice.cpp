#include "app/data_choice.hpp"

#include "app/goldens.hpp"

namespace ramet::app {

namespace {

const DesiredDatabase* find_before(const Wanted& wanted, const std::string& name)
{
    if (!wanted.previous) return nullptr;
    for (const auto& database : wanted.previous->databases)
        if (database.name == name) return &database;
    return nullptr;
}

bool wants_new_data(const Wanted& wanted, const DesiredDatabase& database, const DesiredDatabase& before,
                    const DeployOptions& options)
{
    if (options.reset.contains("*") || options.reset.contains(database.name)) return true;
    if (before.policy.strategy != database.policy.strategy) return true;
    return database.policy.on_push == OnPush::reset && wanted.previous->commit != wanted.environment.commit;
}

void keep_data(DesiredDatabase& database, const DesiredDatabase& before)
{
    database.strategy = before.strategy;
    database.golden = before.golden;
    database.snapshot = before.snapshot;
    database.incarnation = before.incarnation;
}

/// The same configuration and strategy as ever, with the data of a snapshot.
Result<void> put_back(const Wanted& wanted, DesiredDatabase& database, const DesiredDatabase* before,
                      const DataSnapshot& snapshot)
{
    if (before == nullptr)
        return fail(ErrorKind::conflict, "{} has no database {} that could be put back", wanted.environment.name,
                    database.name);
    keep_data(database, *before);
    database.golden = {};
    database.snapshot = snapshot;
    database.incarnation = before->incarnation + 1;
    return {};
}

Result<DataChoice> choose_golden(App& app, const Wanted& wanted, DesiredDatabase& database)
{
    if (!wanted.base)
        return fail(ErrorKind::invalid, "{} cannot be cloned: {} has no base", database.name, wanted.environment.name);
    const auto answer =
        ensure_golden(app, {wanted.project.id, wanted.base->id, database.name, database.policy.max_age});
    if (!answer && is_transient(answer.error().kind)) return std::unexpected(answer.error());
    if (!answer && database.policy.fallback)
        return DataChoice{.without_golden = {{database.name, answer.error().message}}};
    if (!answer) return std::unexpected(answer.error());
    if (const auto* under_way = std::get_if<GoldenUnderWay>(&*answer)) return DataChoice{.wait_for = under_way->reason};
    database.golden = std::get<GoldenFound>(*answer).id;
    TRY(app.goldens.pin(database.golden, wanted.environment.id.str()));
    return DataChoice{};
}

}  // namespace

std::map<std::string, std::string> kept_fall_backs(const std::optional<DesiredEnvironment>& previous)
{
    std::map<std::string, std::string> kept;
    if (!previous) return kept;
    for (const auto& database : previous->databases)
        if (database.policy.strategy == DataStrategy::clone && database.strategy != DataStrategy::clone)
            kept[database.name] = "it was born without one";
    return kept;
}

Result<DataChoice> choose_data(App& app, const Wanted& wanted, Prepared& prepared, const DeployOptions& options)
{
    for (auto& database : prepared.desired.databases) {
        const auto* before = find_before(wanted, database.name);
        if (const auto restore = options.restore.find(database.name); restore != options.restore.end()) {
            TRY(put_back(wanted, database, before, restore->second));
            continue;
        }
        if (before != nullptr && !wants_new_data(wanted, database, *before, options)) {
            keep_data(database, *before);
            continue;
        }
        database.incarnation = before == nullptr ? 1 : before->incarnation + 1;
        if (database.strategy != DataStrategy::clone) continue;
        const auto choice = TRY(choose_golden(app, wanted, database));
        if (!choice.wait_for.empty() || !choice.without_golden.empty()) return choice;
    }
    return DataChoice{};
}

}  // namespace ramet::app
