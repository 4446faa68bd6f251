#pragma once

#include "shim/log_file.hpp"
#include "shim/loop.hpp"
#include "shim/port_lease.hpp"
#include "shim/probe.hpp"
#include "shim/process.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace ramet::shim {

enum class State : std::uint8_t { starting, healthy, unhealthy, restarting, crash_loop, stopping, stopped, failed };
std::string_view to_string(State state);

/// A descriptor that calls back while there is something to read.
class Readable final : public Watcher {
public:
    Readable(Loop& loop, Fd fd, std::function<void()> call);
    ~Readable() override;
    int fd() const { return fd_.get(); }
    void on_ready(std::uint32_t) override { call_(); }

private:
    Loop& loop_;
    Fd fd_;
    std::function<void()> call_;
};

class Replica;

/// Told of every change of a replica's state. Must not destroy the replica within the call.
class ReplicaOwner {
public:
    virtual ~ReplicaOwner() = default;
    virtual void on_changed(Replica& replica) = 0;
};

/// How the last process of a replica ended.
struct Ending {
    int exit_code = 0;  ///< or 128 + signal
    std::string text;   ///< "exited with 1", "was ended by signal 9 (Killed)"
};

/// From what waitpid(2) says.
Ending ending_of(int status);

/// How long to wait before start number `attempt` (0: the first restart), without jitter.
std::int64_t restart_delay_ms(int attempt);

/// One running copy of a program: its process with all descendants, its private port, its health and its log.
class Replica final : public Watcher {
public:
    struct Place {
        int index = 0;
        std::string tag;   ///< "RAMET_REPLICA=…": marks its processes where there are no control groups
        std::string name;  ///< of its control groups
        const ControlGroup& groups;
        /// Whether a process that ends is started again.
        bool restarts = true;
    };
    Replica(Loop& loop, ReplicaOwner& owner, const Program& program, LogFile& log, Place place);
    ~Replica() override;
    void on_ready(std::uint32_t) override {}

    void start();
    /// Ends it with all its descendants; `stopped` when no process is left.
    void stop(int signal, std::int64_t grace_ms);
    /// True when `pid` was one of its own.
    bool on_child_ended(pid_t pid, int status);
    void send(int signal) { send_signal(pid_, signal, Reach::process); }

    State state() const { return state_; }
    bool is_healthy() const { return state_ == State::healthy; }
    int index() const { return place_.index; }
    int port() const { return program_.mode == Mode::service ? lease_.port() : program_.port; }
    pid_t pid() const { return pid_; }
    int restarts() const { return starts_ == 0 ? 0 : starts_ - 1; }
    /// Starts in a row that did not last.
    int quick_ends() const { return quick_ends_; }
    bool was_ever_healthy() const { return was_healthy_; }
    const std::string& problem() const { return problem_; }
    const std::optional<Ending>& ending() const { return ending_; }
    const std::string& tail() const { return stamper_.tail(); }
    bool is_overdue() const { return is_overdue_; }
    bool cannot_execute() const { return cannot_execute_; }

    int connections = 0;   ///< counted by the forwarder
    bool retired = false;  ///< a newer version has taken over

private:
    void set_state(State state);
    void launch();
    void read_problem();
    /// False when there is nothing more for now.
    bool read_log();
    void begin_health_checks();
    void check_health();
    void check_by_command();
    void on_health(std::string problem);
    void on_main_ended(int status);
    void end_descendants();
    void on_all_gone();
    void schedule_restart();

    Loop& loop_;
    ReplicaOwner& owner_;
    const Program& program_;
    Place place_;
    ControlGroup group_;
    LineStamper stamper_;
    PortLease lease_;
    State state_ = State::stopped;
    pid_t pid_ = 0;
    pid_t health_pid_ = 0;
    bool is_stopping_ = false;
    bool was_healthy_ = false;
    bool is_overdue_ = false;
    bool cannot_execute_ = false;
    int starts_ = 0;
    int quick_ends_ = 0;
    int failed_checks_ = 0;
    std::int64_t started_at_ = 0;
    std::int64_t check_interval_ms_ = 0;
    std::string problem_;
    std::optional<Ending> ending_;
    std::unique_ptr<Readable> log_;
    std::unique_ptr<Readable> problem_pipe_;
    std::unique_ptr<Readable> health_log_;
    std::unique_ptr<PortProbe> probe_;
    Timer check_timer_;
    Timer stop_timer_;
    Timer gone_timer_;
    Timer restart_timer_;
    Timer overdue_timer_;
};

}  // namespace ramet::shim
