#include "net/proxy.hpp"

#include "net/proxy_session.hpp"

#include <boost/asio/executor_work_guard.hpp>

#include <condition_variable>
#include <mutex>
#include <thread>
#include <utility>

namespace ramet::net {

namespace {

/// One thread of the proxy. `loop` is the first, so that it goes last: what is queued in it refers to the others.
class ProxyThread {
public:
    ProxyThread(const ProxyOptions& options, const RouteTable& routes, Fd listening);

    void begin_stop();
    bool wait_until_empty(Instant deadline);
    void end();

private:
    void accept(Accepted accepted);

    asio::io_context loop_{1};
    Deadlines deadlines_{loop_};
    UpstreamPool upstreams_;
    ProxySite site_;
    Acceptor acceptor_;
    std::mutex mutex_;
    std::condition_variable changed_;
    bool empty_ = false;
    asio::executor_work_guard<asio::io_context::executor_type> work_{loop_.get_executor()};
    std::jthread thread_;
};

ProxyThread::ProxyThread(const ProxyOptions& options, const RouteTable& routes, Fd listening)
    : upstreams_(loop_, deadlines_, options.idle_upstreams_per_service, options.upstream_keep_alive_timeout),
      site_{.options = options,
            .loop = loop_,
            .deadlines = deadlines_,
            .upstreams = upstreams_,
            .routes = RouteReader(routes)},
      acceptor_(loop_, std::move(listening), [this](Accepted accepted) { accept(std::move(accepted)); })
{
    acceptor_.start();
    thread_ = std::jthread([this] { loop_.run(); });
}

void ProxyThread::accept(Accepted accepted)
{
    if (site_.sessions.size() >= site_.options.connection_limit_per_thread) return;  // Closes it.
    const auto session = std::make_shared<ProxySession>(site_, std::move(accepted));
    site_.sessions.insert(session);
    session->start();
}

void ProxyThread::begin_stop()
{
    asio::post(loop_, [this] {
        site_.stopping = true;
        acceptor_.close();
        site_.on_empty = [this] {
            const std::lock_guard lock(mutex_);
            empty_ = true;
            changed_.notify_all();
        };
        const auto sessions = site_.sessions;
        for (const auto& session : sessions) session->wind_down();
        if (site_.sessions.empty()) site_.on_empty();
    });
}

bool ProxyThread::wait_until_empty(Instant deadline)
{
    std::unique_lock lock(mutex_);
    return changed_.wait_until(lock, deadline, [&] { return empty_; });
}

void ProxyThread::end()
{
    loop_.stop();
    thread_.join();
    // Nobody else is in the loop any more: what is left is closed from here.
    const auto sessions = site_.sessions;
    for (const auto& session : sessions) session->close();
    upstreams_.close_all();
}

}  // namespace

struct ReverseProxy::Core {
    ProxyOptions options;
    std::uint16_t port = 0;
    std::vector<std::unique_ptr<ProxyThread>> threads;
};

Result<std::unique_ptr<ReverseProxy>> ReverseProxy::start(ProxyOptions options, const RouteTable& routes)
{
    if (options.listen.port != 0) TRY(check_port_is_free(options.listen));
    auto core = std::make_unique<Core>(std::move(options));
    auto address = core->options.listen;
    std::vector<Fd> sockets;
    for (std::size_t i = 0; i < std::max<std::size_t>(core->options.threads, 1); ++i) {
        sockets.push_back(TRY(listen_on(address, PortSharing::shared)));
        address.port = local_port(sockets.front());
    }
    core->port = address.port;
    for (auto& socket : sockets)
        core->threads.push_back(std::make_unique<ProxyThread>(core->options, routes, std::move(socket)));
    return std::unique_ptr<ReverseProxy>(new ReverseProxy(std::move(core)));
}

ReverseProxy::ReverseProxy(std::unique_ptr<Core> core) : core_(std::move(core)) {}

ReverseProxy::~ReverseProxy()
{
    stop();
}

std::uint16_t ReverseProxy::port() const
{
    return core_->port;
}

void ReverseProxy::stop(std::chrono::milliseconds patience)
{
    const auto deadline = Deadlines::now() + patience;
    for (const auto& thread : core_->threads) thread->begin_stop();
    for (const auto& thread : core_->threads) thread->wait_until_empty(deadline);
    for (const auto& thread : core_->threads) thread->end();
    core_->threads.clear();
}

}  // namespace ramet::net
