#pragma once

#include "app/context.hpp"
#include "domain/environment.hpp"

namespace ramet::app {

// Pull requests whose preview a person or the clock ended while they were open. Nothing is made again of the same commit: else
// the next look would undo what was asked for.

/// Nothing for bases and previews made by hand.
Result<void> save_ended(App& app, storage::Transaction& transaction, const Environment& preview);
/// Whether the preview of this pull request was ended when this commit was its head.
Result<bool> was_ended_at(App& app, const ProjectId& project, std::int64_t number, const CommitSha& head);
/// Whether that holds of any commit.
Result<bool> was_ended(App& app, const ProjectId& project, std::int64_t number);
/// It was closed, or left the trigger: coming back, it is as good as new. Repeatable.
Result<void> forget_ended(App& app, const ProjectId& project, std::int64_t number);

}  // namespace ramet::app
