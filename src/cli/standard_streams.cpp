#include "cli/standard_streams.hpp"

#include "base/pipe.hpp"

#include <poll.h>
#include <unistd.h>

#include <array>
#include <cerrno>

namespace ramet::cli {

namespace {

constexpr std::size_t piece_size = 32U << 10U;

bool write_all(int to, const char* bytes, std::size_t size)
{
    while (size > 0) {
        const auto count = ::write(to, bytes, size);
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) return false;
        bytes += count;
        size -= static_cast<std::size_t>(count);
    }
    return true;
}

/// False at its end, or when it was told to stop.
bool wait_for_input(int from, const Fd& stop)
{
    std::array<pollfd, 2> waiting{pollfd{from, POLLIN, 0}, pollfd{stop.get(), POLLIN, 0}};
    while (::poll(waiting.data(), waiting.size(), -1) < 0 && errno == EINTR) {}
    return waiting[1].revents == 0;
}

void pump_input(const Fd& to, const Fd& stop)
{
    // A command that does not read its input is no reason to end: the write fails.
    block_pipe_signal();
    std::array<char, piece_size> buffer{};
    while (wait_for_input(STDIN_FILENO, stop)) {
        const auto count = ::read(STDIN_FILENO, buffer.data(), buffer.size());
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0 || !write_all(to.get(), buffer.data(), static_cast<std::size_t>(count))) return;
    }
}

/// Where the reader of our output has left, SIGPIPE ends this program as it ends any other; and that ends the command.
void pump_output(const Fd& from, int to)
{
    std::array<char, piece_size> buffer{};
    for (;;) {
        const auto count = ::read(from.get(), buffer.data(), buffer.size());
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0 || !write_all(to, buffer.data(), static_cast<std::size_t>(count))) return;
    }
}

}  // namespace

Result<std::unique_ptr<StandardStreams>> StandardStreams::start(PassInput pass)
{
    auto streams = std::make_unique<StandardStreams>();
    TRY(streams->open(pass));
    return streams;
}

Result<void> StandardStreams::open(PassInput pass)
{
    auto input = TRY(make_pipe());
    auto stop = TRY(make_pipe());
    stop_ = std::move(stop.write);
    joint_.sources.push_back({net::channel::input, std::move(input.read), {}});
    if (pass == PassInput::yes)
        threads_.emplace_back([to = std::move(input.write), until = std::move(stop.read)] { pump_input(to, until); });
    for (const auto& [channel, to] :
         {std::pair{net::channel::output, STDOUT_FILENO}, std::pair{net::channel::error, STDERR_FILENO}}) {
        auto output = TRY(make_pipe());
        joint_.sinks.push_back({channel, std::move(output.write)});
        threads_.emplace_back([from = std::move(output.read), to] { pump_output(from, to); });
    }
    return {};
}

void StandardStreams::finish()
{
    stop_.reset();
    joint_ = {};
    threads_.clear();
}

StandardStreams::~StandardStreams()
{
    finish();
}

}  // namespace ramet::cli
