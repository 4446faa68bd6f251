#pragma once
// Private to the curl client: includes curl.

#include "net/http_client.hpp"

#include <curl/curl.h>

#include <signal.h>

#include <chrono>
#include <functional>
#include <memory>
#include <string>

namespace ramet::net {

CURLM* make_multi_handle();
CURL* make_easy_handle();

/// An easy handle in a multi handle of its own: the multi handle keeps the connections and can be woken up.
struct CurlHandle {
    CurlHandle();
    ~CurlHandle();
    CurlHandle(const CurlHandle&) = delete;
    CurlHandle& operator=(const CurlHandle&) = delete;

    CURLM* multi;
    CURL* easy;
};

/// OpenSSL writes to a connection that may be gone without asking for no signal. This thread does not take it meanwhile; what the
/// process does with SIGPIPE is not ours to decide.
class WithoutPipeSignal {
public:
    WithoutPipeSignal();
    ~WithoutPipeSignal();
    WithoutPipeSignal(const WithoutPipeSignal&) = delete;
    WithoutPipeSignal& operator=(const WithoutPipeSignal&) = delete;

private:
    sigset_t pipe_only_{};
    sigset_t before_{};
};

/// For curl_multi_poll: rounded up, and an hour at most, which curl's own timers and a wake-up end earlier.
int milliseconds_until(std::chrono::steady_clock::time_point instant, std::chrono::steady_clock::time_point now);

/// What became of a piece of a streamed body. `later`: it is offered again once the transfer goes on.
enum class Taken : unsigned char { yes, later, enough };
using ChunkSink = std::function<Taken(std::string_view)>;

/// One exchange: sets a handle up and says what came of it. Somebody else drives the handle between `begin` and `conclude`.
class CurlTransfer {
public:
    using Instant = std::chrono::steady_clock::time_point;

    /// Both have to outlive it. Without a sink the body is kept.
    CurlTransfer(const CurlOptions& options, const HttpRequest& request, ChunkSink sink = {});
    CurlTransfer(const CurlTransfer&) = delete;
    CurlTransfer& operator=(const CurlTransfer&) = delete;

    /// `invalid` when the request cannot be sent. The handle is not used for anything else until the end.
    Result<void> begin(CURL* easy);
    Result<HttpResponse> conclude(CURLcode code);

    /// A streamed one may be silent for ever.
    Instant deadline() const { return deadline_; }
    std::unexpected<Error> overdue() const;
    std::unexpected<Error> stopped() const;
    /// The reader has enough: that is success.
    void stop_reading() { end_ = End::stopped_by_reader; }

private:
    enum class End : unsigned char { none, stopped_by_reader, too_large };

    Result<void> check_request() const;
    void set_up(CURL* easy);
    void set_up_target(CURL* easy);
    void set_up_trust(CURL* easy);
    void set_up_body(CURL* easy);
    void set_up_headers(CURL* easy);
    std::unexpected<Error> transport_error(CURLcode code) const;

    std::size_t on_header(std::string_view line);
    std::size_t on_body(std::string_view bytes);
    void end_head();
    void allow_silence();
    curl_socket_t open_socket(const curl_sockaddr& address);
    /// "GET https://host/path", without user and query, which may hold secrets.
    std::string description() const;

    const CurlOptions& options_;
    const HttpRequest& request_;
    ChunkSink sink_;
    HttpResponse response_{};
    Instant deadline_;
    End end_ = End::none;
    bool streaming_ = false;
    std::string denied_{};
    CURL* easy_ = nullptr;
    char error_text_[CURL_ERROR_SIZE] = {};
    std::unique_ptr<curl_slist, void (*)(curl_slist*)> header_list_{nullptr, curl_slist_free_all};
};

}  // namespace ramet::net
