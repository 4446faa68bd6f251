#pragma once
// For the tests of this folder: an environment with its home, made by the drivers themselves.

#include "contract/driver_contract.hpp"
#include "support/local_machine.hpp"
#include "targets/local/home_driver.hpp"
#include "targets/local/service_driver.hpp"
#include "targets/local/shim_driver.hpp"

namespace ramet::targets::local {

using testing::await_ready;
using testing::bring_up;
using testing::contract_call;
using testing::eventually;
using testing::LocalMachine;
using testing::take_down;

inline std::string text_of(const Result<void>& result)
{
    return result ? "" : result.error().message + "\n" + result.error().evidence;
}

/// An HTTP server in Python: answers `body` with its process id; behaves as its environment says.
inline constexpr std::string_view python_server = R"(
import http.server, os, signal, socketserver, sys, time
class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'
    def do_GET(self):
        body = (os.environ.get('ANSWER', '') + ' ' + str(os.getpid())).encode()
        time.sleep(float(os.environ.get('SLOW', '0')))
        self.send_response(200)
        self.send_header('Content-Length', str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    do_POST = do_GET
    def log_message(self, *arguments): pass
class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True
    request_queue_size = 128
if os.environ.get('IGNORE_TERM'): signal.signal(signal.SIGTERM, signal.SIG_IGN)
print('listening', flush=True)
Server((os.environ['HOST'], int(os.environ['PORT'])), Handler).serve_forever()
)";

/// GET over a connection of its own (or a kept one); the body, or nothing when it failed.
class HttpClient {
public:
    explicit HttpClient(int port) : port_(port) {}
    std::optional<std::string> get(std::string_view path = "/");
    /// For tests of what happens to connections that are kept.
    bool is_connected() const { return static_cast<bool>(fd_); }

private:
    bool connect();
    int port_;
    Fd fd_;
};

class EnvironmentFixture {
public:
    EnvironmentFixture();
    ~EnvironmentFixture();

    LocalMachine local{};
    HomeDriver homes{local.machine()};
    ShimDriver shims{local.machine()};
    ServiceDriver services{local.machine()};
    engine::ResourceRef home;

    unsigned service_uid() const;
    unsigned database_uid() const;
    /// The shim of a service, brought up; its port in `outputs`.
    engine::ResourceRef address(const std::string& service);
    /// A service that runs `run` in the environment's home.
    engine::ResourceRef service(const std::string& name, Json run, json::object more = {});
    int port_of(const engine::ResourceRef& address) const;
    Path shim_of(const std::string& name) const
    {
        return service_shim_directory(local.root(), local.environment, name);
    }
    ShimStatus status_of(const std::string& name) const;
};

/// ["/usr/bin/python3", "-c", python_server]
Json python_run();
/// Number of processes (zombies aside) whose command line holds `text`.
int count_processes(std::string_view text);

}  // namespace ramet::targets::local
