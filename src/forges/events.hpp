#pragma once

#include "base/json.hpp"
#include "forges/forge.hpp"

namespace ramet::forges {

// The hint in the payload of an event of these kinds, whose shapes Gitea and GitHub share. A field that is missing or has
// another type is `invalid`, with its JSON Pointer.

Result<Hint> read_pull_request_event(const Json& payload);
/// A push to a branch. Tags are no hint.
Result<Hint> read_push_event(const Json& payload);
/// A new comment on a pull request. Edited and deleted ones are no hint: a command is given once.
Result<Hint> read_comment_event(const Json& payload);

}  // namespace ramet::forges
