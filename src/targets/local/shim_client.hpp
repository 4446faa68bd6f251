#pragma once

#include "base/clock.hpp"
#include "base/file.hpp"
#include "base/result.hpp"

#include <csignal>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace ramet::targets::local {

/// What a shim does with the program that it is given.
enum class ShimMode : std::uint8_t {
    service,    ///< replicas on private ports behind the shim's own stable port
    supervise,  ///< one process that listens by itself (a database); restarted when it ends
    task,       ///< runs once; the shim writes `result` into its directory and ends itself
};

enum class HealthKind : std::uint8_t {
    none,     ///< healthy once it has run for 100 ms
    tcp,      ///< the port accepts a connection
    http,     ///< GET of `path` answers 2xx or 3xx
    command,  ///< `arguments`, run like the program itself, exit with 0
};

struct ShimHealth {
    HealthKind kind = HealthKind::none;
    std::string path{};
    std::vector<std::string> arguments{};
    /// From the start until the first success; then the version has failed.
    Milliseconds timeout{60'000};
};

/// How the program is kept apart. Mount namespaces are used as root only; otherwise `uid` is our own and the lists are ignored.
struct ShimSandbox {
    unsigned uid = 0;
    unsigned gid = 0;
    /// The data directory: hidden from the program but for the paths below.
    Path hidden{};
    std::vector<Path> read_only{};
    std::vector<Path> writable{};
    /// Files put over the machine's: {"/etc/passwd", D/environments/…/etc/passwd}.
    std::map<Path, Path> files_over{};
    /// Directories put over the machine's, writable: {"/tmp", D/environments/…/tmp}.
    std::map<Path, Path> directories_over{};
};

enum class ShimStrategy : std::uint8_t { rolling, recreate };

/// One version of a program: everything that its processes depend on.
struct ShimProgram {
    std::string version;  ///< the same version again is no change
    std::string nonce{};  ///< the owner mark of the resource that deployed it
    ShimMode mode = ShimMode::service;
    std::vector<std::string> arguments;  ///< arguments[0] is a path, or looked up in the PATH of `environment`
    Path directory{"/"};
    std::map<std::string, std::string> environment{};  ///< the whole of it; HOST and PORT are added for services
    int port = 0;                                      ///< supervise: where it listens, for a tcp health check
    int replicas = 1;
    ShimStrategy strategy = ShimStrategy::rolling;
    ShimHealth health{};
    ShimSandbox sandbox{};
    int stop_signal = SIGTERM;
    Milliseconds grace{10'000};  ///< from `stop_signal` to SIGKILL
    Milliseconds drain{10'000};  ///< for the connections of a version that was replaced
    Milliseconds time_limit{0};  ///< task: killed after this; 0: none
};

/// Where and for whom a shim runs. All of it is kept by the shim, so that an earlier attempt's shim can be recognised.
struct ShimStart {
    Path binary;        ///< D/bin/ramet-shim-<hash>, from ensure_shim_binary()
    Path directory;     ///< its own, deterministic: control.sock, shim.log, logs/, result
    std::string nonce;  ///< the owner mark of the resource that starts it
    std::string label;  ///< "pr-42 api", shown by ps
    int port = 0;       ///< the stable loopback port to hold; 0: none
    /// Started at once (needed for a task).
    std::optional<ShimProgram> program{};
};

enum class ShimState : std::uint8_t {
    idle,
    starting,
    healthy,
    unhealthy,
    restarting,
    stopping,
    stopped,
    failed,
    crash_loop
};

struct ShimReplica {
    int index = 0;
    std::string version;
    int pid = 0;
    int port = 0;
    ShimState state = ShimState::starting;
    int restarts = 0;
};

struct ShimStatus {
    int pid = 0;
    std::string identity;  ///< "pid:start time"; never the same for another process
    std::string nonce;     ///< of the shim's own resource
    int port = 0;
    ShimState state = ShimState::idle;
    std::string version{};         ///< what serves now
    std::string program_nonce{};   ///< of the resource that deployed last
    std::string incoming{};        ///< what is being started beside it
    std::string failed_version{};  ///< the last one that never became healthy
    std::string failure{};         ///< why, in one sentence
    std::string evidence{};        ///< its last log lines
    int restarts = 0;
    std::vector<ShimReplica> replicas{};
};

/// How a task ended; read from its directory, also after the shim is gone.
struct TaskResult {
    int exit_code = 0;  ///< or 128 + signal
    bool timed_out = false;
    bool stopped = false;   ///< ended by stop_shim
    std::string problem{};  ///< why it could not be executed, when it could not
    std::string version{};  ///< of the program that ran
};

/// Starts a shim in `start.directory` and returns once it listens, or finds the one that an earlier attempt has started there.
/// The shim is in a session of its own and outlives the caller. Errors: `conflict` when the port is taken, or when a shim with
/// another nonce lives there.
Result<ShimStatus> ensure_shim(const ShimStart& start);

/// The shim of `directory`; nothing when none listens there. Takes well under a millisecond.
Result<std::optional<ShimStatus>> find_shim(const Path& directory);

/// Hands a version to the shim; it is brought up beside what runs. Answers at once: ask find_shim() how it went.
Result<void> deploy(const Path& directory, const ShimProgram& program);

/// A signal to the main process of each replica (SIGHUP to reload a configuration).
Result<void> signal_program(const Path& directory, int signal);

struct StopOptions {
    int signal = SIGTERM;
    Milliseconds grace{300};
};
/// Ends the program and all its descendants; the shim stays and holds its port. Returns at once; `idle` without a program nonce
/// when it is done. No shim is success.
Result<void> stop_program(const Path& directory, const StopOptions& options = {});

/// Ends the program and then the shim. Returns at once; find_shim() finds nothing when it is done. No shim is success.
Result<void> stop_shim(const Path& directory, const StopOptions& options = {});

/// Ends what a shim that was killed has left: its processes (by control group and by pid), its control group. Repeatable.
Result<void> sweep_shim(const Path& directory);

Result<std::optional<TaskResult>> find_task_result(const Path& directory);

/// The program's output, each line with its time and replica; the older part is in the same name with ".1".
Path log_path(const Path& directory);
/// The last lines without times, for evidence.
std::string last_log_lines(const Path& directory, std::size_t lines = 20);

/// Writes the shim program that this binary carries to `directory`/ramet-shim-<hash> once, and gives its path.
Result<Path> ensure_shim_binary(const Path& directory);

std::string_view to_string(ShimState state);

}  // namespace ramet::targets::local
