#pragma once

#include "shim/commands.hpp"
#include "shim/control.hpp"
#include "shim/forwarder.hpp"
#include "shim/supervisor.hpp"

#include <memory>
#include <string>

namespace ramet::shim {

/// What a shim opened before it went into the background, so that a failure could still be told.
struct Opened {
    Fd lock;  ///< held while it lives: two shims never share a directory
    Fd control;
    Fd listener;  ///< the stable port; none for databases and tasks
    Message start;
};

/// One shim: a control socket, perhaps a port, and what it runs. Its present directory is its own.
class Shim final : private SupervisorEvents, private Watcher {
public:
    explicit Shim(Opened opened);
    ~Shim() override;
    /// Until it was told to exit, or its task has ended.
    void run();

private:
    void on_backends_changed() override;
    void on_replica_removed(Replica& replica) override;
    void on_finished() override;
    void on_ready(std::uint32_t) override;
    Message answer(const Message& request);
    Message describe() const;
    void take(Handed handed);
    void leave_when_all_is_over();
    void reap();
    void leave_with_result();
    bool write_result();

    Opened opened_;
    Loop loop_;
    ControlGroup group_;
    LogFile log_;
    Supervisor supervisor_;
    Commands commands_;
    std::unique_ptr<Forwarder> forwarder_;
    std::unique_ptr<Control> control_;
    Fd signals_;
    bool exits_when_finished_ = false;
    bool is_finished_ = false;    ///< what it supervises has ended
    std::string result_problem_;  ///< why the result of its task could not be written yet
    Timer result_timer_;
    std::string identity_;
};

}  // namespace ramet::shim
