#pragma once

#include "net/http_client.hpp"

#include <memory>

namespace ramet::net {

/// HttpClient for one server that is asked much at the same time: over TLS, where the server speaks HTTP/2, all requests are streams
/// of one connection (as many as the server allows, the others wait), else each has its own. One thread of the client's own drives
/// them. A reader of a stream that is slow holds up nobody but itself.
class MultiplexedClient final : public HttpClient {
public:
    explicit MultiplexedClient(CurlOptions options = {});
    /// Nobody may be in a call any more.
    ~MultiplexedClient() override;

    Result<HttpResponse> send(const HttpRequest& request, std::stop_token stop = {}) override;
    Result<HttpResponse> send_streaming(const HttpRequest& request, const OnChunk& on_chunk,
                                        std::stop_token stop = {}) override;

private:
    CurlOptions options_;
    std::unique_ptr<class CurlLoop> loop_;
};

}  // namespace ramet::net
