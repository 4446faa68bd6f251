#pragma once

#include "api/stream_pump.hpp"
#include "app/environments.hpp"
#include "net/http_server.hpp"

#include <functional>
#include <string>
#include <vector>

namespace ramet::api {

/// The last lines of one or more logs, then, when followed, each line as it is written; survives rotation. With several
/// sources each line is told apart by "name | ". Everything passes a redactor of its own, which holds back what may be the
/// beginning of a secret until it is sure.
class LogFeed final : public Feed {
public:
    enum class Follow : bool { no, yes };
    LogFeed(app::App& app, const std::vector<app::LogSource>& sources, std::size_t tail_lines, Follow follow, net::StreamWriter writer);
    State pump() override;

private:
    struct Tail {
        std::string label{};
        std::string file{};
        std::uint64_t inode = 0;
        std::int64_t offset = 0;
        std::string partial{};       ///< the begun last line
        app::LogRedactor redact{};
    };
    void send_tail(const app::LogSource& source, std::size_t tail_lines, const std::string& label);
    bool send_new(Tail& tail);
    bool send_lines(Tail& tail, std::string_view text);

    app::App& app_;
    std::vector<Tail> tails_;
    Follow follow_;
    bool is_open_ = true;
    net::StreamWriter writer_;
};

}  // namespace ramet::api
