#include "net/curl_transfer.hpp"

#include <mutex>
#include <utility>
#include <vector>

namespace ramet::net {

/// Handles that wait with their open connections for the next request.
class CurlClient::Pool {
public:
    explicit Pool(std::size_t limit) : limit_(limit) {}

    std::unique_ptr<CurlHandle> take()
    {
        const std::lock_guard lock(mutex_);
        if (idle_.empty()) return std::make_unique<CurlHandle>();
        // The youngest first: its connection is the least likely to have been closed meanwhile.
        auto handle = std::move(idle_.back());
        idle_.pop_back();
        return handle;
    }

    void put_back(std::unique_ptr<CurlHandle> handle)
    {
        const std::lock_guard lock(mutex_);
        if (idle_.size() < limit_) idle_.push_back(std::move(handle));
    }

private:
    std::mutex mutex_;
    std::size_t limit_;
    std::vector<std::unique_ptr<CurlHandle>> idle_;
};

CurlClient::CurlClient(CurlOptions options)
    : options_(std::move(options)), pool_(std::make_unique<Pool>(options_.idle_handles))
{
}

CurlClient::~CurlClient() = default;

namespace {

/// Drives one handle to its end on this thread.
Result<CURLcode> drive(const CurlHandle& handle, const CurlTransfer& transfer, const std::stop_token& stop)
{
    const std::stop_callback wake(stop, [&] { curl_multi_wakeup(handle.multi); });
    while (true) {
        int running = 0;
        curl_multi_perform(handle.multi, &running);
        int left = 0;
        if (const auto* message = curl_multi_info_read(handle.multi, &left); message && message->msg == CURLMSG_DONE)
            return message->data.result;
        if (stop.stop_requested()) return transfer.stopped();
        const auto now = CurlTransfer::Instant::clock::now();
        if (now >= transfer.deadline()) return transfer.overdue();
        curl_multi_poll(handle.multi, nullptr, 0, milliseconds_until(transfer.deadline(), now), nullptr);
    }
}

Result<HttpResponse> run(const CurlHandle& handle, CurlTransfer& transfer, const std::stop_token& stop)
{
    TRY(transfer.begin(handle.easy));
    const WithoutPipeSignal quiet;
    curl_multi_add_handle(handle.multi, handle.easy);
    const auto code = drive(handle, transfer, stop);
    auto response = code ? transfer.conclude(*code) : std::unexpected(code.error());
    curl_multi_remove_handle(handle.multi, handle.easy);
    return response;
}

}  // namespace

Result<HttpResponse> CurlClient::send(const HttpRequest& request, std::stop_token stop)
{
    auto handle = pool_->take();
    CurlTransfer transfer(options_, request);
    auto response = run(*handle, transfer, stop);
    pool_->put_back(std::move(handle));
    return response;
}

Result<HttpResponse> CurlClient::send_streaming(const HttpRequest& request, const OnChunk& on_chunk,
                                                std::stop_token stop)
{
    auto handle = pool_->take();
    CurlTransfer transfer(options_, request, [&](std::string_view bytes) {
        return on_chunk(bytes) == Flow::keep ? Taken::yes : Taken::enough;
    });
    auto response = run(*handle, transfer, stop);
    pool_->put_back(std::move(handle));
    return response;
}

}  // namespace ramet::net
