#include "net/web_socket_client.hpp"

#include "base/pipe.hpp"
#include "net/acceptor.hpp"
#include "net/joined_socket.hpp"
#include "net/web_socket_dial.hpp"

#include <boost/asio/executor_work_guard.hpp>

#include <fcntl.h>

#include <future>
#include <optional>
#include <thread>
#include <unordered_set>

namespace ramet::net {

namespace {

using OnOutcome = std::function<void(Result<WebSocketOutcome>)>;

/// Dials, joins, and tells the outcome once.
class Attempt final : public std::enable_shared_from_this<Attempt> {
public:
    Attempt(asio::io_context& loop, Joint joint, OnOutcome on_outcome, std::function<void()> on_open = {})
        : loop_(loop), joint_(std::move(joint)), on_outcome_(std::move(on_outcome)), on_open_(std::move(on_open))
    {
    }

    void start(std::shared_ptr<const DialPlace> place, const WebSocketRequest& request)
    {
        dial(loop_, std::move(place), request, [self = shared_from_this()](Result<Dialled> dialled) {
            if (!dialled) return self->done(std::unexpected(dialled.error()));
            if (auto* refusal = std::get_if<WebSocketOutcome>(&*dialled)) return self->done(std::move(*refusal));
            self->join(std::get<std::shared_ptr<Wire>>(*dialled));
        });
    }

    void abort()
    {
        if (socket_) socket_->abort("stopped");
    }

private:
    void join(std::shared_ptr<Wire> wire)
    {
        socket_ = std::make_shared<JoinedSocket>(loop_, std::move(wire), std::move(joint_),
                                                 [weak = weak_from_this()](JointEnd end) {
                                                     if (const auto self = weak.lock())
                                                         self->done(WebSocketOutcome{.end = std::move(end)});
                                                 });
        socket_->start();
        if (const auto tell = std::exchange(on_open_, nullptr)) tell();
    }

    void done(Result<WebSocketOutcome> outcome)
    {
        const auto self = shared_from_this();
        joint_ = {};  // Whoever waits at the other ends learns it too.
        if (const auto tell = std::exchange(on_outcome_, nullptr)) tell(std::move(outcome));
    }

    asio::io_context& loop_;
    Joint joint_;
    OnOutcome on_outcome_;
    std::function<void()> on_open_;
    std::shared_ptr<JoinedSocket> socket_{};
};

/// A loop with a thread of its own, and the attempts that are under way there.
class Attempts {
public:
    asio::io_context& loop() { return loop_; }

    void run()
    {
        network_ = std::jthread([this] {
            block_pipe_signal();
            loop_.run();
        });
    }

    /// On the loop's thread.
    void start(const std::shared_ptr<const DialPlace>& place, const WebSocketRequest& request, Joint joint,
               OnOutcome on_outcome, std::function<void()> on_open = {})
    {
        auto own = std::make_shared<std::weak_ptr<Attempt>>();
        const auto tell = [this, own, on_outcome = std::move(on_outcome)](Result<WebSocketOutcome> outcome) {
            under_way_.erase(own->lock());
            on_outcome(std::move(outcome));
        };
        const auto attempt = std::make_shared<Attempt>(loop_, std::move(joint), tell, std::move(on_open));
        *own = attempt;
        under_way_.insert(attempt);
        attempt->start(place, request);
    }

    /// Cuts them off, after what is to be done first on the loop's thread.
    void stop(const std::function<void()>& first = [] {})
    {
        std::promise<void> ended;
        asio::post(loop_, [&] {
            first();
            const auto attempts = under_way_;
            for (const auto& attempt : attempts) attempt->abort();
            ended.set_value();
        });
        ended.get_future().wait();
        work_.reset();
        loop_.stop();
        network_.join();
    }

private:
    asio::io_context loop_{1};
    std::unordered_set<std::shared_ptr<Attempt>> under_way_;
    asio::executor_work_guard<asio::io_context::executor_type> work_{loop_.get_executor()};
    std::jthread network_;
};

}  // namespace

Result<WebSocketOutcome> join_web_socket(const WebSocketRequest& request, Joint joint)
{
    auto found = TRY(find_place(request));
    const auto place = std::make_shared<const DialPlace>(std::move(found));
    asio::io_context loop{1};
    std::optional<Result<WebSocketOutcome>> outcome;
    const auto attempt = std::make_shared<Attempt>(loop, std::move(joint), [&](Result<WebSocketOutcome> result) {
        outcome = std::move(result);
        loop.stop();
    });
    attempt->start(place, request);
    std::jthread([&] {
        block_pipe_signal();
        loop.run();
    }).join();
    if (outcome) return std::move(*outcome);
    return fail(ErrorKind::internal, "{}: it ended without an outcome", place->description);
}

struct WebSocketJoiner::Core {
    Attempts attempts;
};

WebSocketJoiner::WebSocketJoiner() : core_(std::make_unique<Core>())
{
    core_->attempts.run();
}

WebSocketJoiner::~WebSocketJoiner()
{
    core_->attempts.stop();
}

Result<WebSocketOutcome> WebSocketJoiner::start(const WebSocketRequest& request, Joint joint, OnEnd on_end)
{
    auto place = std::make_shared<const DialPlace>(TRY(find_place(request)));
    auto& attempts = core_->attempts;
    const auto opened = std::make_shared<std::promise<Result<WebSocketOutcome>>>();
    auto answer = opened->get_future();
    // On the network's thread, as all that follows: until it stands its outcome is the answer, and then the end.
    asio::post(attempts.loop(), [&attempts, place = std::move(place), request, opened, on_end = std::move(on_end),
                                 joint = std::make_shared<Joint>(std::move(joint))] {
        const auto is_open = std::make_shared<bool>(false);
        attempts.start(
            place, request, std::move(*joint),
            [opened, on_end, is_open](Result<WebSocketOutcome> outcome) {
                if (*is_open && on_end) return on_end(outcome);
                if (!*is_open) opened->set_value(std::move(outcome));
            },
            [opened, is_open] {
                *is_open = true;
                opened->set_value(WebSocketOutcome{});
            });
    });
    return answer.get();
}

struct PortForward::Core {
    Core(PortForwardOptions the_options, std::shared_ptr<const DialPlace> the_place, Fd listening)
        : options(std::move(the_options)), place(std::move(the_place)), port(local_port(listening)),
          acceptor(attempts.loop(), std::move(listening),
                   [this](Accepted accepted) { accept(std::move(accepted.socket)); })
    {
        acceptor.start();
        attempts.run();
    }

    void accept(Fd client);

    PortForwardOptions options;
    std::shared_ptr<const DialPlace> place;
    std::uint16_t port;
    Attempts attempts;
    Acceptor acceptor;
};

void PortForward::Core::accept(Fd client)
{
    Fd other(::fcntl(client.get(), F_DUPFD_CLOEXEC, 0));
    if (!other) return;  // Out of descriptors: the client sees its connection closed.
    Joint joint;
    joint.sources.push_back({.channel = channel::input, .fd = std::move(client)});
    joint.sinks.push_back({.channel = channel::output, .fd = std::move(other)});
    attempts.start(place, options.request, std::move(joint), [this](const Result<WebSocketOutcome>& outcome) {
        if (options.on_end) options.on_end(outcome);
    });
}

Result<std::unique_ptr<PortForward>> PortForward::start(PortForwardOptions options)
{
    auto place = TRY(find_place(options.request));
    auto listening = TRY(listen_on(options.listen));
    auto core = std::make_unique<Core>(std::move(options), std::make_shared<const DialPlace>(std::move(place)),
                                       std::move(listening));
    return std::unique_ptr<PortForward>(new PortForward(std::move(core)));
}

PortForward::PortForward(std::unique_ptr<Core> core) : core_(std::move(core)) {}

PortForward::~PortForward()
{
    core_->attempts.stop([this] { core_->acceptor.close(); });
}

std::uint16_t PortForward::port() const
{
    return core_->port;
}

}  // namespace ramet::net
