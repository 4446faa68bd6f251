// The proxy alone, for proxy_bench.py: listens on a free port, passes every given host to one upstream, prints its port
// and runs until its standard input ends.
#include "net/proxy.hpp"

#include <cstdio>
#include <cstdlib>
#include <string>

int main(int argc, char** argv)
{
    if (argc != 4) {
        std::fprintf(stderr, "usage: ramet_proxy_probe HOST UPSTREAM_PORT THREADS\n");
        return 2;
    }
    ramet::net::RouteTable routes;
    const ramet::net::Upstream upstream{.port = static_cast<std::uint16_t>(std::atoi(argv[2]))};
    const auto added = routes.set(argv[1], {.to = upstream, .service = "web", .environment = "bench"});
    auto proxy = ramet::net::ReverseProxy::start({.threads = static_cast<std::size_t>(std::atoi(argv[3]))}, routes);
    if (!added || !proxy) {
        std::fprintf(stderr, "ramet_proxy_probe: %s\n", (added ? proxy.error() : added.error()).message.c_str());
        return 1;
    }
    std::printf("%d\n", (*proxy)->port());
    std::fflush(stdout);
    while (std::getchar() != EOF) {}
    return 0;
}
