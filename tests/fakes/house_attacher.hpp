#pragma once

#include "targets/attacher.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace ramet::fakes {

/// Starts nothing: a "command" has said what the test wants, and ends with its exit code when the test says so. Connections lead to
/// the test. Thread-safe.
class HouseAttacher final : public targets::Attacher {
public:
    /// The far ends of what was given out, with what it was asked for.
    struct Started {
        targets::CommandRequest request{};
        Fd input{};  ///< to read
        Fd output{};
        Fd error{};
        Fd control{};
    };
    struct Connected {
        std::string address{};
        Fd socket{};
    };

    Result<targets::RunningCommand> start_command(std::span<const engine::ResourceView>,
                                                  const targets::CommandRequest& request) override
    {
        if (request.arguments.front() == "missing") return fail(ErrorKind::invalid, "missing cannot be run");
        auto [input_read, input_write] = make_pipe();
        auto [output_read, output_write] = make_pipe();
        auto [error_read, error_write] = make_pipe();
        auto [control_near, control_far] = make_sockets();
        const std::scoped_lock lock(mutex_);
        started_.push_back(
            {request, std::move(input_read), std::move(output_write), std::move(error_write), std::move(control_far)});
        return targets::RunningCommand{std::move(input_write), std::move(output_read), std::move(error_read),
                                       std::move(control_near)};
    }

    std::optional<targets::CommandEnding> read_ending(std::string_view said) const override
    {
        if (said.empty()) return std::nullopt;
        const int code = std::atoi(std::string(said).c_str());
        return targets::CommandEnding{code, "exited with " + std::to_string(code)};
    }

    Result<Fd> connect(std::span<const engine::ResourceView>, const targets::ConnectionRequest& request) override
    {
        auto [near, far] = make_sockets();
        const std::scoped_lock lock(mutex_);
        connected_.push_back({request.address, std::move(far)});
        return std::move(near);
    }

    std::vector<Started> take_started()
    {
        const std::scoped_lock lock(mutex_);
        return std::exchange(started_, {});
    }
    std::vector<Connected> take_connected()
    {
        const std::scoped_lock lock(mutex_);
        return std::exchange(connected_, {});
    }

private:
    static std::pair<Fd, Fd> make_pipe()
    {
        int ends[2] = {-1, -1};
        if (::pipe2(ends, O_CLOEXEC) != 0) std::abort();
        return {Fd(ends[0]), Fd(ends[1])};
    }
    static std::pair<Fd, Fd> make_sockets()
    {
        int ends[2] = {-1, -1};
        if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) std::abort();
        return {Fd(ends[0]), Fd(ends[1])};
    }

    std::mutex mutex_;
    std::vector<Started> started_;
    std::vector<Connected> connected_;
};

}  // namespace ramet::fakes
