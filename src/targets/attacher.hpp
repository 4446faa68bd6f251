#pragma once

#include "base/file.hpp"
#include "engine/engine.hpp"

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ramet::targets {

struct CommandRequest {
    std::string service;
    std::vector<std::string> arguments;  ///< [0] is a path, or looked up in the service's PATH
};

/// A command that runs beside a service: the near ends of what it was given. None of them is inherited by children.
struct RunningCommand {
    Fd input;  ///< closing it ends the command's input
    Fd output;
    Fd error;
    /// Says how the command ended, when no process of it is left, and ends then: `read_ending`. Closing it before ends the command,
    /// with everything that it started.
    Fd control;
};

struct CommandEnding {
    int exit_code = 0;               ///< or 128 + signal
    std::string text{};              ///< "exited with 1"
    bool was_stopped = false;        ///< with its service, not by itself
    std::optional<Error> problem{};  ///< it was not run at all
};

struct ConnectionRequest {
    std::string part;       ///< "service/web", "database/db"
    std::string address{};  ///< "127.0.0.1:20012", of what has an address on this machine
};

/// Gets beside what runs, or connects to it, for people who look into it. What it opens ends with the environment.
class Attacher {
public:
    virtual ~Attacher() = default;

    /// Runs with the service's user, view, directory and environment. `conflict` when the service does not run, `invalid` when the
    /// program could not be executed.
    virtual Result<RunningCommand> start_command(std::span<const engine::ResourceView> resources,
                                                 const CommandRequest& request) = 0;
    /// Of what `control` said until its end; nothing when it ended without a word.
    virtual std::optional<CommandEnding> read_ending(std::string_view said) const = 0;

    /// `unavailable` when nobody answers there, `conflict` when it does not run.
    virtual Result<Fd> connect(std::span<const engine::ResourceView> resources, const ConnectionRequest& request) = 0;
};

}  // namespace ramet::targets
