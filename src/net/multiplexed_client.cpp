#include "net/multiplexed_client.hpp"

#include "net/curl_loop.hpp"

namespace ramet::net {

MultiplexedClient::MultiplexedClient(CurlOptions options)
    : options_(std::move(options)), loop_(std::make_unique<CurlLoop>())
{
}

MultiplexedClient::~MultiplexedClient() = default;

Result<HttpResponse> MultiplexedClient::send(const HttpRequest& request, std::stop_token stop)
{
    CurlExchange exchange(*loop_, options_, request, nullptr);
    return exchange.run(stop);
}

Result<HttpResponse> MultiplexedClient::send_streaming(const HttpRequest& request, const OnChunk& on_chunk,
                                                       std::stop_token stop)
{
    CurlExchange exchange(*loop_, options_, request, &on_chunk);
    return exchange.run(stop);
}

}  // namespace ramet::net
