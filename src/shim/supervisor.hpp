#pragma once

#include "shim/replica.hpp"

#include <functional>
#include <list>
#include <memory>
#include <string>
#include <vector>

namespace ramet::shim {

/// What the supervisor tells the rest of the shim.
class SupervisorEvents {
public:
    virtual ~SupervisorEvents() = default;
    /// Other replicas serve now, or some can be reached again.
    virtual void on_backends_changed() = 0;
    virtual void on_replica_removed(Replica& replica) = 0;
    /// A task has ended, or the last process after `stop`.
    virtual void on_finished() = 0;
};

/// Brings versions up and down: a new one is started beside the old one and takes over when all its replicas are healthy; one
/// that never gets there is ended and the old one goes on. `recreate` and databases stop the old one first and put it back.
class Supervisor final : public ReplicaOwner {
public:
    Supervisor(Loop& loop, SupervisorEvents& events, LogFile& log, const ControlGroup& group, std::string tag);
    ~Supervisor() override;

    void deploy(Program program);
    /// Ends everything; `on_finished` when it is done.
    void stop(int signal, std::int64_t grace_ms);
    void send(int signal);
    /// Lets go of everything, when it has ended.
    void clear();
    bool on_child_ended(pid_t pid, int status);
    void on_changed(Replica& replica) override;

    /// The next replica that takes connections, in turn; null when none does.
    Replica* pick();
    /// Whether one may still come, so that it is worth holding a connection.
    bool may_come() const;
    void describe(Message& reply) const;
    /// What serves, or is the first to be brought up; null when nothing runs, or is about to end.
    const Program* running_program() const;
    /// The first replica's of that program; 0 when it has none.
    int running_port() const;
    /// A replaced version has lost its last connection: it can be stopped.
    void on_drained() { review_timer_.set(0); }
    /// Why the task could not be executed, or nothing.
    std::string task_problem() const;
    /// How the task ended; null for other programs and while it runs.
    const Ending* task_ending() const;
    bool has_timed_out() const { return has_timed_out_; }
    bool was_stopped() const { return is_stopping_; }

private:
    /// A watcher only so that the loop can keep it until the round is over.
    struct Version final : Watcher {
        void on_ready(std::uint32_t) override {}
        Program program;
        std::vector<std::unique_ptr<Replica>> replicas;
        bool is_draining = false;
    };
    using Versions = std::list<std::unique_ptr<Version>>;

    std::unique_ptr<Version> make_version(Program program);
    void start_incoming(Program program);
    void review();
    void review_incoming();
    void review_serving();
    void review_retired();
    void review_task();
    void promote();
    void fail_incoming(const Replica& culprit);
    void note_failure(const Version& version, const Replica& culprit);
    void retire(std::unique_ptr<Version> version, int signal, std::int64_t grace_ms);
    const Replica* task_replica() const;
    const Version* running() const;
    void start_waiting();
    void expire();
    std::string_view overall_state() const;

    Loop& loop_;
    SupervisorEvents& events_;
    LogFile& log_;
    const ControlGroup& group_;
    std::string tag_;
    std::unique_ptr<Version> serving_;
    std::unique_ptr<Version> incoming_;
    Versions retired_;
    std::unique_ptr<Program> waiting_;   ///< recreate: starts when the old one is gone
    std::unique_ptr<Program> put_back_;  ///< recreate: what ran before, for when the new one fails
    std::string program_nonce_;
    std::string failed_version_;
    std::string failure_;
    std::string evidence_;
    bool is_stopping_ = false;
    bool has_timed_out_ = false;
    unsigned turn_ = 0;
    unsigned made_ = 0;
    Timer review_timer_;
    Timer drain_timer_;
    Timer limit_timer_;
};

}  // namespace ramet::shim
