#pragma once

#include "shim/files.hpp"
#include "shim/loop.hpp"

#include <functional>
#include <string>

namespace ramet::shim {

/// Connects to 127.0.0.1 without waiting; no descriptor and errno when that fails at once.
Fd connect_to_port(int port);

/// One health check of a port over TCP or HTTP. Ends by calling back exactly once, with an empty text for success.
class PortProbe final : public Watcher {
public:
    struct Question {
        int port = 0;
        std::string http_path;  ///< empty: an accepted connection is enough
    };
    using Answer = std::function<void(std::string problem)>;

    PortProbe(Loop& loop, Question question, Answer answer);
    ~PortProbe() override { close(); }

    /// Gives up after `limit_ms`.
    void start(std::int64_t limit_ms);
    bool is_running() const { return socket_ && !is_answered_; }
    void on_ready(std::uint32_t events) override;

private:
    void send_request();
    void read_status();
    bool has_status() const;
    /// The status line and the beginning of the body.
    std::string refusal() const;
    void swallow_rest();
    void end(std::string problem);
    void close();

    Loop& loop_;
    Question question_;
    Answer answer_;
    Fd socket_;
    bool connected_ = false;
    bool is_answered_ = false;
    std::string reply_;
    Timer limit_;
};

}  // namespace ramet::shim
