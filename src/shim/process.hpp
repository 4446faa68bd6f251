#pragma once

#include "shim/control_group.hpp"
#include "shim/files.hpp"
#include "shim/program.hpp"

#include <sys/types.h>

#include <string>
#include <vector>

namespace ramet::shim {

/// The ends of its streams that a process is given; all three, or none: then it reads nothing, and what it writes is in
/// `Process::output`.
struct Streams {
    int input = -1;
    int output = -1;
    int error = -1;
    bool are_given() const { return output >= 0; }
};

/// What differs between two processes of one program.
struct Start {
    const Program& program;
    const std::vector<std::string>& arguments;   ///< the program's own, or its health command
    const std::vector<std::string>& additional;  ///< environment beside the program's: HOST, PORT
    const ControlGroup& group;
    Streams streams{};
};

struct Process {
    pid_t pid = 0;
    Fd output;   ///< both of its output streams, where it was given none
    Fd problem;  ///< says why it could not be executed; closed without a word when it could
};

/// Forks and prepares the program; `pid` 0 when not even that was possible, with errno.
Process start_process(const Start& start);

/// Signals the process, and its group when `whole_group`; ended already is fine.
enum class Reach : unsigned char { process, whole_group };
void send_signal(pid_t pid, int signal, Reach reach);

/// For machines without control groups: kills every process that carries `tag` in its environment.
/// Whether some may be left: killed only now, or not to be seen as descriptors are used up.
bool kill_tagged(const std::string& tag);

}  // namespace ramet::shim
