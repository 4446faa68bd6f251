#include "storage/variables.hpp"

#include "storage/declared_value_json.hpp"
#include "storage/rows.hpp"
#include "storage/scope_rows.hpp"

namespace ramet::storage {
namespace {

const std::string columns = "level, project, environment, service, key, value, set_by, set_at";

Connection::Visitor collect(std::vector<StoredVariable>& out)
{
    return [&out](const Row& row) -> Result<void> {
        const auto value = TRY(parse_json(row.text(5)));
        out.push_back(
            {read_scope(row, 0), row.text(4), TRY(declared_value_from_json(value)), row.text(6), row.time(7)});
        return {};
    };
}

}  // namespace

Result<void> StoredVariables::set(Transaction& transaction, const StoredVariable& variable)
{
    const auto& scope = variable.scope;
    return require_new(
        transaction->execute(
            "INSERT INTO variable (scope, " + columns +
                ") VALUES (?,?,?,?,?,?,?,?,?) "
                "ON CONFLICT (scope, key) DO UPDATE SET value = excluded.value, set_by = excluded.set_by, "
                "set_at = excluded.set_at",
            {key_of(scope), to_string(scope.level), text_or_null(scope.project.str()),
             text_or_null(scope.environment.str()), scope.service, variable.key, to_text(to_json(variable.value)),
             variable.set_by, variable.set_at}),
        "variable", variable.key);
}

Result<void> StoredVariables::unset(Transaction& transaction, const Scope& scope, std::string_view key)
{
    return require_change(
        transaction->execute("DELETE FROM variable WHERE scope = ? AND key = ?", {key_of(scope), key}),
        "variable of this scope", key);
}

Result<std::vector<StoredVariable>> StoredVariables::list(const Scope& scope, Transaction* within)
{
    Reading reading(database_, within);
    std::vector<StoredVariable> found;
    TRY(reading->for_each("SELECT " + columns + " FROM variable WHERE scope = ? ORDER BY key", {key_of(scope)},
                          collect(found)));
    return found;
}

Result<std::vector<StoredVariable>> StoredVariables::list_candidates(const ProjectId& project,
                                                                     const std::vector<EnvironmentId>& environments,
                                                                     Transaction* within)
{
    Reading reading(database_, within);
    std::vector<StoredVariable> found;
    const auto scopes = candidate_scopes(environments);
    TRY(reading->for_each("SELECT " + columns + " FROM variable WHERE " + scopes.condition + " ORDER BY key, scope",
                          scopes.values(project), collect(found)));
    return found;
}

}  // namespace ramet::storage
