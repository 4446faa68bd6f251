#pragma once
// Private to the curl client: includes curl.

#include "net/http_client.hpp"

#include <curl/curl.h>

#include <chrono>
#include <memory>
#include <string>

namespace ramet::net {

/// An easy handle in a multi handle of its own: the multi handle keeps the connections and can be woken up.
struct CurlHandle {
    CurlHandle();
    ~CurlHandle();
    CurlHandle(const CurlHandle&) = delete;
    CurlHandle& operator=(const CurlHandle&) = delete;

    CURLM* multi;
    CURL* easy;
};

/// One exchange: sets the handle up, drives it to its end and says what came of it.
class CurlTransfer {
public:
    CurlTransfer(const CurlOptions& options, const HttpRequest& request, const OnChunk* on_chunk);
    CurlTransfer(const CurlTransfer&) = delete;
    CurlTransfer& operator=(const CurlTransfer&) = delete;

    Result<HttpResponse> run(CurlHandle& handle, const std::stop_token& stop);

private:
    using Instant = std::chrono::steady_clock::time_point;
    enum class End : unsigned char { none, stopped_by_reader, too_large };

    Result<void> check_request() const;
    void set_up(CURL* easy);
    void set_up_target(CURL* easy);
    void set_up_trust(CURL* easy);
    void set_up_body(CURL* easy);
    void set_up_headers(CURL* easy);
    Result<CURLcode> drive(CurlHandle& handle, const std::stop_token& stop) const;
    Result<HttpResponse> conclude(CURL* easy, CURLcode code);
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
    const OnChunk* on_chunk_;
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
