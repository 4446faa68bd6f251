#pragma once

#include "app/environments.hpp"
#include "targets/attacher.hpp"

#include <string>
#include <vector>

namespace ramet::app {

// What people do inside a running environment, for `ramet exec` and `ramet port-forward`. Of a protected environment only
// administrators may; each use is written to the audit log, without arguments, which may hold secrets.

/// Whether a command could be run beside the service now; the error says why not.
Result<void> check_command(App& app, const Caller& caller, const EnvironmentName& name, const std::string& service);

/// Its output is to be shown through `make_log_redactor` only.
Result<targets::RunningCommand> start_command(App& app, const Caller& caller, const EnvironmentName& name,
                                              const targets::CommandRequest& request);

/// How it ended, of what its `control` said; nothing when it vanished.
std::optional<targets::CommandEnding> read_ending(const App& app, std::string_view said);

enum class PartKind : std::uint8_t { service, database };

/// What is connected to: by name, as several may be called alike.
struct Part {
    PartKind kind = PartKind::service;
    std::string name;
};

Result<void> check_connection(App& app, const Caller& caller, const EnvironmentName& name, const Part& part);

/// A connection to the port at which the environment itself reaches the part.
Result<Fd> open_connection(App& app, const Caller& caller, const EnvironmentName& name, const Part& part);

}  // namespace ramet::app
