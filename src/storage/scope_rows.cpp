#include "storage/scope_rows.hpp"

namespace ramet::storage {

Scope read_scope(const Row& row, int column)
{
    return {parse_scope_level(row.text(column)), row.id<ProjectId>(column + 1), row.id<EnvironmentId>(column + 2),
            row.text(column + 3)};
}

CandidateScopes candidate_scopes(const std::vector<EnvironmentId>& environments)
{
    std::string places;
    for (std::size_t i = 0; i < environments.size(); ++i) places += i == 0 ? "?" : ",?";
    const auto named = places.empty() ? "" : " OR environment IN (" + places + ")";
    return {"(level = 'organization' OR project = ? AND (environment IS NULL" + named + "))", environments};
}

std::vector<Value> CandidateScopes::values(const ProjectId& project) const
{
    std::vector<Value> all{project};
    for (const auto& environment : environments) all.emplace_back(environment);
    return all;
}

}  // namespace ramet::storage
