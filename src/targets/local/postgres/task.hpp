#pragma once

#include "targets/local/shim_client.hpp"

#include <functional>
#include <optional>

namespace ramet::targets::postgres {

/// Brings a task one step on, however often and by whomever it is called: starts it after `prepare` when it neither runs nor
/// has ended (a killed one is begun anew). Nothing while it runs, its result when it has ended.
Result<std::optional<local::TaskResult>> advance_task(const local::ShimStart& start,
                                                      const std::function<Result<void>()>& prepare);

/// A task that went wrong, with its last lines.
Error task_failure(std::string_view what, const Path& directory, const local::TaskResult& result);

/// Ends the shim of `directory` with all that it holds, waiting for at most a second and a half. `unavailable` when it has
/// not ended by then: ask again.
Result<void> end_shim(const Path& directory, const local::StopOptions& options);

}  // namespace ramet::targets::postgres
