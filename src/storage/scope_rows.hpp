#pragma once

#include "storage/connection.hpp"
#include "storage/scope.hpp"

#include <string>
#include <vector>

namespace ramet::storage {

/// The scope that stands in four columns from `column`: level, project, environment, service.
Scope read_scope(const Row& row, int column);

/// Which rows of `variable` or `secret` can matter to some environments of a project.
struct CandidateScopes {
    std::string condition;
    const std::vector<EnvironmentId>& environments;
    std::vector<Value> values(const ProjectId& project) const;
};
CandidateScopes candidate_scopes(const std::vector<EnvironmentId>& environments);

}  // namespace ramet::storage
