#pragma once

#include "api/stream_pump.hpp"
#include "app/environments.hpp"
#include "net/http_server.hpp"

#include <chrono>
#include <functional>
#include <string>
#include <vector>

namespace ramet::api {

/// One or more logs, as long as they have something to give. With several sources each line is told apart by "name | ". Everything passes a
/// redactor of its own, which holds back what may be the beginning of a secret until it is sure.
class LogFeed final : public Feed {
public:
    struct Options {
        std::vector<app::LogSource> sources{};
        /// One for each source.
        std::function<app::LogRedactor()> make_redactor{};
        /// Asked every few seconds while it follows; no ends the stream (a token that was revoked).
        std::function<bool()> may_read{};
    };
    LogFeed(Options options, net::StreamWriter writer);
    State pump() override;

private:
    struct Tail {
        std::string label{};
        std::unique_ptr<targets::Log> log{};
        std::string partial{};  ///< the begun last line
        app::LogRedactor redact{};
        bool is_over = false;
    };
    bool is_still_allowed();
    bool send_new(Tail& tail);
    bool send_lines(Tail& tail, std::string_view text);
    bool send_whole_lines(Tail& tail);
    void end();

    std::function<bool()> may_read_;
    std::vector<Tail> tails_;
    bool is_open_ = true;
    net::StreamWriter writer_;
    std::chrono::steady_clock::time_point last_checked_ = std::chrono::steady_clock::now();
};

}  // namespace ramet::api
