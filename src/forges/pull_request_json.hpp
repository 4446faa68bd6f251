#pragma once

#include "base/json.hpp"
#include "domain/pull_request.hpp"
#include "forges/forge.hpp"

#include <string_view>

namespace ramet::forges {

// Gitea's API follows the shapes of GitHub's REST API version 2022-11-28 for these objects.

/// A pull request object. A missing or ill-typed field that matters is `unavailable`, and names it.
Result<PullRequest> read_pull_request(const Json& object, const RepositoryName& repository);

/// "owner/name" of a repository object; empty names when it is null (a deleted fork).
RepositoryName read_repository_name(const Json& repository);

std::string_view to_string(CommitState state);

}  // namespace ramet::forges
