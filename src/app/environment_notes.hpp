#pragma once

#include "app/deploy.hpp"
#include "base/json.hpp"

#include <string>
#include <vector>

namespace ramet::app {

// What is kept beside an environment's row, as one JSON text: notes for people, wishes that wait, the commit that was left by a
// rollback.

Result<std::vector<std::string>> load_notes(App& app, const EnvironmentId& id);

/// What was submitted last and what is to be said about it. Wishes that waited for it are fulfilled.
Result<void> save_submitted(App& app, storage::Transaction& transaction, const EnvironmentId& id,
                            const std::string& desired, const std::vector<std::string>& notes);

/// Wishes of a deployment that has to wait (for a golden copy, for room) survive a restart of the server.
Result<void> save_pending(App& app, storage::Transaction& transaction, const EnvironmentId& id,
                          const DeployOptions& pending);
/// `asked` together with what waits.
Result<DeployOptions> with_pending(App& app, const EnvironmentId& id, const DeployOptions& asked);
bool has_pending(App& app, const EnvironmentId& id);
Result<void> forget_pending(App& app, storage::Transaction& transaction, const EnvironmentId& id);

/// A person rolled back from this commit: it is not deployed again by itself, only a newer one is.
Result<void> save_left_commit(App& app, storage::Transaction& transaction, const EnvironmentId& id,
                              const CommitSha& commit);
Result<CommitSha> load_left_commit(App& app, const EnvironmentId& id, storage::Transaction* within = nullptr);

}  // namespace ramet::app
