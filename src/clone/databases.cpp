#include "clone/databases.hpp"

#include <algorithm>

namespace ramet::clone {
namespace {

/// Role and database are called like the database in the file, in letters that SQL needs no quotes for. Clones keep both names.
std::string sql_name(std::string name)
{
    std::ranges::replace(name, '-', '_');
    return name;
}

DesiredDatabase make(const Database& declared)
{
    return {.name = declared.name,
            .declared = declared,
            .role = sql_name(declared.name),
            .database_name = declared.type == DatabaseType::redis ? "0" : sql_name(declared.name)};
}

void take_password(DesiredDatabase& database, const StoredValues& stored, Cloned& cloned)
{
    const auto found = stored.passwords.find(database.name);
    if (found != stored.passwords.end()) {
        database.password = found->second;
        return;
    }
    database.password = {.id = "", .version = 0, .name = database.name + " password"};
    cloned.wanted_passwords.push_back(database.name);
}

class PreviewDatabases {
public:
    PreviewDatabases(const CloneInput& input, Cloned& cloned)
        : input_(input), cloned_(cloned), policy_(cloned.file.previews.value_or(PreviewPolicy{}))
    {
    }

    DesiredDatabase desired(const Database& declared)
    {
        auto database = make(declared);
        database.policy = policy_of(declared);
        database.strategy = database.policy.strategy;
        if (database.strategy == DataStrategy::clone) check_source(database);
        if (database.strategy == DataStrategy::shared)
            share(database);
        else
            take_password(database, input_.around.stored, cloned_);
        return database;
    }

private:
    DataPolicy policy_of(const Database& declared) const
    {
        DataPolicy policy;
        const auto said = policy_.data.find(declared.name);
        if (said != policy_.data.end()) policy = said->second;
        // Nothing said: rows are worth copying, a cache is not.
        if (said == policy_.data.end() && declared.type == DatabaseType::redis) policy.strategy = DataStrategy::empty;
        if (std::ranges::count(policy_.share, declared.name) > 0) policy.strategy = DataStrategy::shared;
        return policy;
    }

    std::string source_of(const DesiredDatabase& database) const
    {
        const auto name = database.policy.from.substr(0, database.policy.from.find('@'));
        return name.empty() ? input_.base.name : name;
    }

    void check_source(DesiredDatabase& database)
    {
        const auto source = source_of(database);
        const auto* declared = cloned_.file.find_environment(source);
        const bool is_protected =
            (source == input_.base.name && input_.base.is_protected) || (declared != nullptr && declared->is_protected);
        if (is_protected && database.policy.mask.empty())
            return refuse(database, fmt::format("{} is protected: a copy of its data must be masked", source),
                          "use `strategy: seed` or `empty`, or clone from a base that is not protected");
        const auto reason = input_.without_golden.find(database.name);
        if (reason == input_.without_golden.end()) return;
        if (!database.policy.fallback)
            return refuse(database, fmt::format("there is nothing to clone from {}: {}", source, reason->second),
                          "say `fallback: seed` or `empty`");
        database.strategy = *database.policy.fallback;
        cloned_.notes.push_back(
            fmt::format("databases.{}: {} instead of clone, as there is nothing to clone from {}: {}", database.name,
                        to_string(database.strategy), source, reason->second));
    }

    void share(DesiredDatabase& database)
    {
        const auto instance = input_.shared.find(database.name);
        if (instance != input_.shared.end()) {
            database.password = instance->second.password;
            return;
        }
        refuse(database, fmt::format("{} has no instance of it that could be shared", input_.base.name),
               "bring the base up first");
    }

    void refuse(const DesiredDatabase& database, std::string message, std::string next_step)
    {
        cloned_.refusals.push_back({.kind = ErrorKind::refused,
                                    .message = fmt::format("previews.data.{}: {}", database.name, message),
                                    .next_step = std::move(next_step)});
    }

    const CloneInput& input_;
    Cloned& cloned_;
    const PreviewPolicy policy_;
};

}  // namespace

std::vector<DesiredDatabase> databases_of_preview(const CloneInput& input, Cloned& cloned)
{
    PreviewDatabases databases(input, cloned);
    std::vector<DesiredDatabase> result;
    for (const auto& declared : cloned.file.databases) result.push_back(databases.desired(declared));
    return result;
}

std::vector<DesiredDatabase> databases_of_base(const BaseInput& input, Cloned& cloned)
{
    std::vector<DesiredDatabase> result;
    for (const auto& declared : input.file.databases) {
        auto database = make(declared);
        take_password(database, input.around.stored, cloned);
        result.push_back(std::move(database));
    }
    return result;
}

}  // namespace ramet::clone
