#pragma once

#include "app/app.hpp"
#include "domain/ids.hpp"

#include <cstdint>
#include <string>

namespace ramet::app {

// Keys of the work queue: one thing at a time happens to what one key names.

/// "pull/PROJECT/NUMBER": `reconcile_pull_request`.
std::string pull_request_key(const ProjectId& project, std::int64_t number);
/// "commits/PROJECT/NUMBER/COMMIT": `fetch_early`.
std::string commits_key(const ProjectId& project, std::int64_t number, const CommitSha& head);
/// "branch/PROJECT/BRANCH": `reconcile_branch`.
std::string branch_key(const ProjectId& project, const std::string& branch);
/// "environment/ID": `settle_environment`, after a run ended, and admission.
std::string environment_key(const EnvironmentId& environment);
/// "drift/ID": what others changed in it is taken back.
std::string drift_key(const EnvironmentId& environment);
/// "expiry/ID": ends it when its time is over.
std::string expiry_key(const EnvironmentId& environment);
/// "admission": let in what waits for room.
inline constexpr std::string_view admission_key = "admission";
/// "deliveries": follow the hints in stored webhooks that nobody has followed yet.
inline constexpr std::string_view deliveries_key = "deliveries";
/// "tidy": `App::tidy`.
inline constexpr std::string_view tidy_key = "tidy";
/// "events": write what the engine told.
inline constexpr std::string_view events_key = "events";
/// "outbox": send what is due.
inline constexpr std::string_view outbox_key = "outbox";
/// "rotation": `finish_rotation`.
inline constexpr std::string_view rotation_key = "rotation";
/// "everything": `reconcile_all`.
inline constexpr std::string_view everything_key = "everything";

/// Tidies up when what has just ended has had time to let go.
void tidy_later(App& app);

/// Looks for drift when what has just been done, by us as well, has come round. Of many that ask for it one after the other, few do.
void look_for_drift_later(App& app, const EnvironmentId& environment);

/// Does the work that a key names. Errors are logged, and tried again later where that can help.
void work_on(App& app, const std::string& key);

}  // namespace ramet::app
