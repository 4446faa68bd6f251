#pragma once

#include "shim/control.hpp"
#include "shim/process.hpp"
#include "shim/replica.hpp"

#include <functional>
#include <list>
#include <memory>
#include <string>

namespace ramet::shim {

/// What a command is started beside: it gets the same user, view, directory and environment.
struct Beside {
    const Program& program;
    int port = 0;
};

/// Programs that people run beside a service. Each belongs to the connection that asked for it: it is answered once when the
/// program was executed or could not be, and once more with how it ended. When the connection goes the program is ended, with
/// everything that it started.
class Commands {
public:
    /// `on_all_gone` is called when no process of any of them is left.
    Commands(Loop& loop, const ControlGroup& groups, std::string tag, std::function<void()> on_all_gone);
    ~Commands();

    /// Connection and descriptors (input, output, error output) of a request `exec`.
    void start(Handed handed, const Beside& beside);
    /// True when `pid` was one of theirs.
    bool on_child_ended(pid_t pid, int status);
    void end_all(std::int64_t grace_ms);
    bool empty() const { return commands_.empty(); }

private:
    class Command;
    void forget(Command& command);

    Loop& loop_;
    const ControlGroup& groups_;
    std::string tag_;
    std::function<void()> on_all_gone_;
    std::list<std::unique_ptr<Command>> commands_;
    unsigned made_ = 0;
};

/// Answers a request that cannot be served, and lets its connection go.
void refuse(const Handed& handed, std::string_view reason);

}  // namespace ramet::shim
