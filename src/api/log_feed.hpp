#pragma once

#include "api/stream_pump.hpp"
#include "app/environments.hpp"
#include "base/file.hpp"
#include "net/http_server.hpp"

#include <chrono>
#include <functional>
#include <string>
#include <vector>

namespace ramet::api {

/// The last lines of one or more logs, then, when followed, each line as it is written; survives rotation and truncation. With
/// several sources each line is told apart by "name | ". Everything passes a redactor of its own, which holds back what may be
/// the beginning of a secret until it is sure.
class LogFeed final : public Feed {
public:
    enum class Follow : bool { no, yes };
    struct Options {
        std::vector<app::LogSource> sources{};
        std::size_t tail_lines = 100;
        Follow follow = Follow::no;
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
        std::string file{};
        Fd open_file{};  ///< kept, so that what was written before a rotation is still read
        std::int64_t offset = 0;
        std::string partial{};  ///< the begun last line
        app::LogRedactor redact{};
    };
    bool is_still_allowed();
    void send_tail(const app::LogSource& source);
    bool send_new(Tail& tail);
    bool send_rest_of(Tail& tail);
    bool send_lines(Tail& tail, std::string_view text);
    bool send_whole_lines(Tail& tail);
    void end();

    Options options_;
    std::vector<Tail> tails_;
    bool is_open_ = true;
    net::StreamWriter writer_;
    std::chrono::steady_clock::time_point last_checked_ = std::chrono::steady_clock::now();
};

}  // namespace ramet::api
