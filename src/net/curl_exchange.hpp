#pragma once
// Private to the multiplexed client.

#include "net/curl_transfer.hpp"

#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <string>

namespace ramet::net {

class CurlLoop;

/// One request on its way through the loop, and the thread that waits for it. Pieces of a streamed body go through a queue of
/// bounded size to that thread.
class CurlExchange {
public:
    /// All of them outlive it. Without `on_chunk` the body is kept.
    CurlExchange(CurlLoop& loop, const CurlOptions& options, const HttpRequest& request, const OnChunk* on_chunk);

    Result<HttpResponse> run(const std::stop_token& stop);

    // -- for the loop, on its thread

    CurlTransfer& transfer() { return transfer_; }
    CURL* handle() const { return handle_; }
    /// The reader is behind: nothing is read, and no silence is the server's.
    bool is_paused();
    void finish(Result<HttpResponse> outcome);

private:
    Taken take(std::string_view bytes);
    Result<HttpResponse> wait();
    /// Outside the lock, which is held again afterwards.
    void read_chunk(std::unique_lock<std::mutex>& lock);

    CurlLoop& loop_;
    const OnChunk* on_chunk_;
    CurlTransfer transfer_;
    CURL* handle_ = nullptr;
    std::int64_t id_ = 0;

    std::mutex mutex_;  // of all below
    std::condition_variable changed_;
    std::deque<std::string> chunks_;
    std::size_t waiting_bytes_ = 0;
    bool is_paused_ = false;
    bool is_enough_ = false;  ///< the reader said so
    std::optional<Result<HttpResponse>> outcome_;
};

}  // namespace ramet::net
