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

Result<HttpResponse> CurlClient::send(const HttpRequest& request, std::stop_token stop)
{
    auto handle = pool_->take();
    auto response = CurlTransfer(options_, request, nullptr).run(*handle, stop);
    pool_->put_back(std::move(handle));
    return response;
}

Result<HttpResponse> CurlClient::send_streaming(const HttpRequest& request, const OnChunk& on_chunk,
                                                std::stop_token stop)
{
    auto handle = pool_->take();
    auto response = CurlTransfer(options_, request, &on_chunk).run(*handle, stop);
    pool_->put_back(std::move(handle));
    return response;
}

}  // namespace ramet::net
