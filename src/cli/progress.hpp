#pragma once

#include "cli/session.hpp"

#include <string>

namespace ramet::cli {

/// Follows one run until its end, telling each step's change once. The exit code: 0 succeeded, 1 failed, 7 timed out, 130 detached.
Result<int> follow_run(Session& session, const std::string& run);

/// Waits until an environment is settled (ready, failed, degraded, …) and tells the steps of its runs meanwhile.
/// 0 ready · 8 degraded · 1 failed; the last state is printed by the caller.
Result<int> follow_environment(Session& session, const std::string& name);

/// Waits until it is gone (404): 0, 1 when it needs a person, or the code of `run` when that ended otherwise.
Result<int> follow_removal(Session& session, const std::string& name, const std::string& run);

/// Prints {run} for --no-wait, or follows it.
Result<int> finish_run(Session& session, const Arguments& arguments, const Json& reply);

}  // namespace ramet::cli
