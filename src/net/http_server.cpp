#include "net/http_server.hpp"

#include "base/log.hpp"
#include "base/pipe.hpp"
#include "net/exchange.hpp"
#include "net/server_connection.hpp"
#include "net/worker_pool.hpp"

#include <boost/asio/executor_work_guard.hpp>

#include <atomic>
#include <condition_variable>
#include <exception>
#include <future>
#include <mutex>

namespace ramet::net {

/// The parts of a server. `loop` is the first, so that it goes last: what is queued in it refers to the others.
struct HttpServer::Core {
    Core(ServerOptions the_options, Handler the_handler, Fd listening);

    void accept(Accepted accepted);
    bool dispatch(Request request, Responder responder);
    void run(Request& request, const Responder& responder) const;
    void begin_stop();
    void close_all();
    bool wait_until_empty(std::chrono::milliseconds patience);
    void count_connections();

    ServerOptions options;
    Handler handler;
    std::uint16_t port;
    asio::io_context loop{1};
    Deadlines deadlines{loop};
    std::shared_ptr<LoopGate> gate = std::make_shared<LoopGate>(loop);
    std::stop_source stopping;
    ServerSite site;
    Acceptor acceptor;
    std::mutex mutex;
    std::condition_variable changed;
    std::size_t connection_count = 0;
    bool stopped = false;
    asio::executor_work_guard<asio::io_context::executor_type> work{loop.get_executor()};
    WorkerPool workers;
    std::jthread network;
};

HttpServer::Core::Core(ServerOptions the_options, Handler the_handler, Fd listening)
    : options(std::move(the_options)), handler(std::move(the_handler)), port(local_port(listening)),
      site{.options = options,
           .loop = loop,
           .deadlines = deadlines,
           .gate = gate,
           .body_memory = std::make_shared<BodyMemory>(options.body_memory),
           .dispatch = [this](Request request,
                              Responder responder) { return dispatch(std::move(request), std::move(responder)); },
           .on_connections_changed = [this] { count_connections(); },
           .stop = stopping.get_token()},
      acceptor(loop, std::move(listening), [this](Accepted accepted) { accept(std::move(accepted)); }),
      workers(options.workers, options.queue_limit)
{
    acceptor.start();
    network = std::jthread([this] {
        block_pipe_signal();
        loop.run();
    });
}

void HttpServer::Core::accept(Accepted accepted)
{
    if (site.connections.size() >= options.connection_limit) return;  // Closes it.
    const auto connection = std::make_shared<ServerConnection>(site, std::move(accepted));
    site.connections.insert(connection);
    count_connections();
    connection->start();
}

bool HttpServer::Core::dispatch(Request request, Responder responder)
{
    auto shared = std::make_shared<Request>(std::move(request));
    return workers.submit(
        [this, shared = std::move(shared), responder = std::move(responder)] { run(*shared, responder); });
}

void HttpServer::Core::run(Request& request, const Responder& responder) const
{
    try {
        handler(std::move(request), responder);
    } catch (const std::exception& exception) {
        log::error("a request handler threw: {}", exception.what());
        responder.send(problem(500, "internal error; the server's log says more"));
    }
}

void HttpServer::Core::count_connections()
{
    {
        const std::lock_guard lock(mutex);
        connection_count = site.connections.size();
    }
    changed.notify_all();
}

void HttpServer::Core::begin_stop()
{
    site.stopping = true;
    acceptor.close();
    const auto connections = site.connections;
    for (const auto& connection : connections) connection->wind_down();
}

void HttpServer::Core::close_all()
{
    const auto connections = site.connections;
    for (const auto& connection : connections) connection->close();
}

bool HttpServer::Core::wait_until_empty(std::chrono::milliseconds patience)
{
    std::unique_lock lock(mutex);
    return changed.wait_for(lock, patience, [&] { return connection_count == 0; });
}

Result<std::unique_ptr<HttpServer>> HttpServer::start(ServerOptions options, Handler handler)
{
    auto listening = TRY(listen_on(options.listen));
    auto core = std::make_unique<Core>(std::move(options), std::move(handler), std::move(listening));
    return std::unique_ptr<HttpServer>(new HttpServer(std::move(core)));
}

HttpServer::HttpServer(std::unique_ptr<Core> core) : core_(std::move(core)) {}

HttpServer::~HttpServer()
{
    stop();
}

std::uint16_t HttpServer::port() const
{
    return core_->port;
}

void HttpServer::stop(std::chrono::milliseconds patience)
{
    auto& core = *core_;
    if (std::exchange(core.stopped, true)) return;
    core.stopping.request_stop();
    std::promise<void> begun;
    core.gate->post([&] {
        core.begin_stop();
        begun.set_value();
    });
    begun.get_future().wait();
    if (!core.wait_until_empty(patience)) core.gate->post([&core] { core.close_all(); });
    core.workers.stop();
    core.gate->close();
    core.work.reset();
    core.loop.stop();
    core.network.join();
    core.close_all();  // The loop may have stopped before it came to that; streams learn their end here.
}

std::string_view Request::query_value(std::string_view name, std::string_view fallback) const
{
    for (const auto& [key, value] : query)
        if (key == name) return value;
    return fallback;
}

}  // namespace ramet::net
