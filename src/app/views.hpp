#pragma once

#include "app/context.hpp"
#include "app/environments.hpp"

#include <optional>

namespace ramet::app {

/// The whole view of one environment: row, ledger, what runs.
Result<EnvironmentView> view_of(App& app, const storage::Project& project, const Environment& environment);

Result<std::optional<engine::RunView>> newest_run(App& app, const EnvironmentId& id);

/// Why an environment is as it is. While nothing can be written, or what has to be done for it fails, that is the reason.
std::string reason_of(App& app, const Environment& environment);

/// An error that may be shown: evidence comes from what services print.
Error redacted(const App& app, Error error);

}  // namespace ramet::app
