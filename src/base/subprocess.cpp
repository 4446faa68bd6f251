#include "base/subprocess.hpp"

#include "base/spawn.hpp"
#include "base/text.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <ctime>
#include <functional>

namespace ramet {
namespace {

using Clock = std::chrono::steady_clock;

/// Keeps SIGPIPE from ending the process when the child closes its input early; a pipe has no MSG_NOSIGNAL.
class BlockedSigpipe {
public:
    BlockedSigpipe()
    {
        sigemptyset(&pipe_);
        sigaddset(&pipe_, SIGPIPE);
        pthread_sigmask(SIG_BLOCK, &pipe_, &before_);
    }
    BlockedSigpipe(const BlockedSigpipe&) = delete;
    BlockedSigpipe& operator=(const BlockedSigpipe&) = delete;

    ~BlockedSigpipe()
    {
        // One that came meanwhile is still pending for this thread and would strike as soon as it is unblocked.
        constexpr timespec no_wait{};
        while (sigismember(&before_, SIGPIPE) == 0 && sigtimedwait(&pipe_, nullptr, &no_wait) == SIGPIPE) {}
        pthread_sigmask(SIG_SETMASK, &before_, nullptr);
    }

private:
    sigset_t pipe_{};
    sigset_t before_{};
};

/// The end of what was written, without keeping it all.
class Tail {
public:
    explicit Tail(std::size_t limit) : limit_(limit) {}

    void append(std::string_view bytes)
    {
        text_ += bytes;
        // Cut only now and then: each cut moves the rest.
        if (text_.size() > 2 * limit_ + (64U << 10U)) cut();
    }

    std::string take()
    {
        cut();
        return std::move(text_);
    }

private:
    void cut()
    {
        if (text_.size() > limit_) text_.erase(0, text_.size() - limit_);
    }

    std::size_t limit_;
    std::string text_;
};

/// Feeds a child, drains its output and waits for its end, whichever comes first at any moment.
class Conversation {
public:
    Conversation(Child child, const Command& command)
        : child_(std::move(child)), command_(command), input_(command.standard_input), out_(command.output_limit),
          error_(command.output_limit), wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
          deadline_(Clock::now() + std::min<std::chrono::milliseconds>(command.timeout, std::chrono::hours(24 * 365)))
    {
        if (input_.empty()) child_.input.reset();
    }

    Result<CommandOutput> run()
    {
        const std::stop_callback on_stop(command_.stop, [this] { ::eventfd_write(wake_.get(), 1); });
        while (!exited_) {
            if (command_.stop.stop_requested()) return abandon(ErrorKind::cancelled, "was stopped");
            if (Clock::now() >= deadline_) return abandon(ErrorKind::timeout, timeout_text());
            if (!wait()) return abandon(ErrorKind::internal, "could not be waited for");
        }
        return finish();
    }

private:
    std::string timeout_text() const { return fmt::format("did not end within {} ms", command_.timeout.count()); }

    /// One round of poll(2); false when that fails.
    bool wait()
    {
        // A descriptor of -1 is skipped by poll.
        std::array<pollfd, 5> events = {{{child_.handle.get(), POLLIN, 0},
                                         {child_.input.get(), POLLOUT, 0},
                                         {child_.output.get(), POLLIN, 0},
                                         {child_.error.get(), POLLIN, 0},
                                         {wake_.get(), POLLIN, 0}}};
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline_ - Clock::now()).count();
        const auto timeout = static_cast<int>(std::clamp<std::int64_t>(left, 0, 60'000));
        if (::poll(events.data(), events.size(), timeout) < 0) return errno == EINTR;
        if (events[1].revents != 0) feed();
        if (events[2].revents != 0) drain(child_.output, out_);
        if (events[3].revents != 0) drain(child_.error, error_);
        exited_ = events[0].revents != 0;
        return true;
    }

    void feed()
    {
        const auto count = ::write(child_.input.get(), input_.data(), input_.size());
        if (count > 0) input_.remove_prefix(static_cast<std::size_t>(count));
        // Any other failure means that the child reads no further; that is its own affair.
        const bool broken = count < 0 && errno != EAGAIN && errno != EINTR;
        if (broken || input_.empty()) child_.input.reset();
    }

    /// Reads what is there now, a pipe's fill at most; closes at the end of the stream.
    static void drain(Fd& from, Tail& into)
    {
        std::array<char, 64U << 10U> buffer;
        // Bounded: a program that writes without end would keep us from ever looking at the clock.
        for (int round = 0; from && round < 16; ++round) {
            const auto count = ::read(from.get(), buffer.data(), buffer.size());
            if (count > 0)
                into.append({buffer.data(), static_cast<std::size_t>(count)});
            else if (count < 0 && errno == EINTR)
                continue;
            else if (count < 0 && errno == EAGAIN)
                return;
            else
                from.reset();
        }
    }

    /// Ends what is left of the group and takes the exit code. What a grandchild still wrote before that is read, but its end
    /// is not waited for: one that left the group may keep the pipe open for ever.
    int end_group()
    {
        const int code = child_.kill_group_and_reap();
        drain(child_.output, out_);
        drain(child_.error, error_);
        return code;
    }

    Result<CommandOutput> finish()
    {
        const int code = end_group();
        return CommandOutput{code, out_.take(), error_.take()};
    }

    Result<CommandOutput> abandon(ErrorKind kind, std::string_view what)
    {
        end_group();
        Error error{kind, fmt::format("{} {}", command_.arguments.front(), what)};
        error.evidence = last_lines(error_.take());
        if (error.evidence.empty()) error.evidence = last_lines(out_.take());
        return std::unexpected(std::move(error));
    }

    Child child_;
    const Command& command_;
    std::string_view input_;
    Tail out_;
    Tail error_;
    Fd wake_;
    Clock::time_point deadline_;
    bool exited_ = false;
};

}  // namespace

Result<CommandOutput> run_command(const Command& command)
{
    if (command.arguments.empty()) return fail(ErrorKind::invalid, "a command without a program cannot be run");
    if (command.stop.stop_requested())
        return fail(ErrorKind::cancelled, "{} was stopped before it began", command.arguments.front());
    auto child = TRY(spawn(command));
    const BlockedSigpipe no_sigpipe;
    return Conversation(std::move(child), command).run();
}

Result<std::string> run_checked(const Command& command)
{
    auto output = TRY(run_command(command));
    if (output.exit_code == 0) return std::move(output.standard_output);
    // The arguments stay out of the message: they may hold what must not be logged.
    Error error{ErrorKind::unavailable, fmt::format("{} exited with {}", command.arguments.front(), output.exit_code)};
    error.evidence = last_lines(output.standard_error);
    if (error.evidence.empty()) error.evidence = last_lines(output.standard_output);
    return std::unexpected(std::move(error));
}

}  // namespace ramet
