#include "net/curl_exchange.hpp"

#include "net/curl_loop.hpp"

namespace ramet::net {

namespace {

/// What may wait for the reader of one stream before no more is read.
constexpr std::size_t most_waiting_bytes = std::size_t{256} * 1024;

}  // namespace

CurlExchange::CurlExchange(CurlLoop& loop, const CurlOptions& options, const HttpRequest& request,
                           const OnChunk* on_chunk)
    : loop_(loop), on_chunk_(on_chunk),
      transfer_(options, request,
                on_chunk ? ChunkSink([this](std::string_view bytes) { return take(bytes); }) : ChunkSink())
{
}

Result<HttpResponse> CurlExchange::run(const std::stop_token& stop)
{
    handle_ = loop_.take_handle();
    if (auto begun = transfer_.begin(handle_); !begun) {
        loop_.put_back(handle_);
        return std::unexpected(std::move(begun.error()));
    }
    // One that comes while the first connection is made waits whether it can be a stream of it.
    curl_easy_setopt(handle_, CURLOPT_PIPEWAIT, 1L);
    id_ = loop_.begin(*this);
    const std::stop_callback cancel(stop, [this] { loop_.cancel(id_); });
    return wait();
}

Result<HttpResponse> CurlExchange::wait()
{
    std::unique_lock lock(mutex_);
    while (true) {
        changed_.wait(lock, [this] { return outcome_ || !chunks_.empty(); });
        if (is_enough_) chunks_.clear();
        if (!chunks_.empty()) {
            read_chunk(lock);
        } else if (outcome_) {
            return *std::move(outcome_);
        }
    }
}

void CurlExchange::read_chunk(std::unique_lock<std::mutex>& lock)
{
    const auto chunk = std::move(chunks_.front());
    chunks_.pop_front();
    waiting_bytes_ -= chunk.size();
    const bool goes_on = std::exchange(is_paused_, false);
    lock.unlock();
    const auto flow = (*on_chunk_)(chunk);
    if (flow == Flow::stop) {
        loop_.stop_reading(id_);
    } else if (goes_on) {
        loop_.resume(id_);
    }
    lock.lock();
    is_enough_ |= flow == Flow::stop;
}

Taken CurlExchange::take(std::string_view bytes)
{
    const std::lock_guard lock(mutex_);
    if (is_enough_) return Taken::enough;
    if (waiting_bytes_ >= most_waiting_bytes) {
        is_paused_ = true;
        return Taken::later;
    }
    chunks_.emplace_back(bytes);
    waiting_bytes_ += bytes.size();
    changed_.notify_one();
    return Taken::yes;
}

bool CurlExchange::is_paused()
{
    const std::lock_guard lock(mutex_);
    return is_paused_;
}

void CurlExchange::finish(Result<HttpResponse> outcome)
{
    const std::lock_guard lock(mutex_);
    outcome_ = std::move(outcome);
    changed_.notify_one();
}

}  // namespace ramet::net
