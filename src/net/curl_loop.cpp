#include "net/curl_loop.hpp"

#include <algorithm>
#include <utility>

namespace ramet::net {

CurlLoop::CurlLoop() : multi_(make_multi_handle()), thread_([this] { work(); }) {}

CurlLoop::~CurlLoop()
{
    {
        const std::lock_guard lock(mutex_);
        is_ending_ = true;
    }
    curl_multi_wakeup(multi_);
    thread_.join();
    const WithoutPipeSignal quiet;  // Closing says good-bye over TLS.
    for (auto* handle : idle_) curl_easy_cleanup(handle);
    curl_multi_cleanup(multi_);
}

CURL* CurlLoop::take_handle()
{
    const std::lock_guard lock(mutex_);
    if (idle_.empty()) return make_easy_handle();
    auto* handle = idle_.back();
    idle_.pop_back();
    return handle;
}

void CurlLoop::put_back(CURL* handle)
{
    curl_easy_reset(handle);  // It points into the exchange.
    const std::lock_guard lock(mutex_);
    idle_.push_back(handle);
}

std::int64_t CurlLoop::begin(CurlExchange& exchange)
{
    std::int64_t id = 0;
    {
        const std::lock_guard lock(mutex_);
        id = ++last_id_;
        orders_.push_back({Order::begin, id, &exchange});
    }
    curl_multi_wakeup(multi_);
    return id;
}

void CurlLoop::ask(Asked asked)
{
    {
        const std::lock_guard lock(mutex_);
        orders_.push_back(asked);
    }
    curl_multi_wakeup(multi_);
}

void CurlLoop::work()
{
    const WithoutPipeSignal quiet;
    while (take_orders()) {
        int running = 0;
        curl_multi_perform(multi_, &running);
        conclude_what_is_done();
        end_what_is_overdue();
        const auto wait = milliseconds_until(next_deadline(), CurlTransfer::Instant::clock::now());
        curl_multi_poll(multi_, nullptr, 0, wait, nullptr);
    }
}

bool CurlLoop::take_orders()
{
    std::vector<Asked> orders;
    {
        const std::lock_guard lock(mutex_);
        if (is_ending_) return false;
        orders.swap(orders_);
    }
    for (const auto& asked : orders) obey(asked);
    return true;
}

void CurlLoop::obey(const Asked& asked)
{
    if (asked.order == Order::begin) {
        active_.emplace(asked.id, asked.exchange);
        curl_multi_add_handle(multi_, asked.exchange->handle());
        return;
    }
    const auto found = active_.find(asked.id);
    if (found == active_.end()) return;  // It has ended meanwhile.
    auto& exchange = *found->second;
    switch (asked.order) {
    case Order::begin: return;
    case Order::resume: curl_easy_pause(exchange.handle(), CURLPAUSE_CONT); return;
    case Order::cancel: return end(found, exchange.transfer().stopped());
    case Order::stop_reading:
        exchange.transfer().stop_reading();
        return end(found, exchange.transfer().conclude(CURLE_WRITE_ERROR));
    }
}

void CurlLoop::conclude_what_is_done()
{
    int left = 0;
    while (const auto* message = curl_multi_info_read(multi_, &left)) {
        if (message->msg != CURLMSG_DONE) continue;
        const auto code = message->data.result;
        const auto found = std::ranges::find_if(
            active_, [&](const auto& entry) { return entry.second->handle() == message->easy_handle; });
        end(found, found->second->transfer().conclude(code));
    }
}

void CurlLoop::end_what_is_overdue()
{
    const auto now = CurlTransfer::Instant::clock::now();
    for (auto each = active_.begin(); each != active_.end();) {
        const auto found = each++;
        auto& exchange = *found->second;
        if (now >= exchange.transfer().deadline() && !exchange.is_paused()) end(found, exchange.transfer().overdue());
    }
}

CurlTransfer::Instant CurlLoop::next_deadline() const
{
    auto next = CurlTransfer::Instant::max();
    for (const auto& [id, exchange] : active_)
        if (!exchange->is_paused()) next = std::min(next, exchange->transfer().deadline());
    return next;
}

void CurlLoop::end(Active::iterator found, Result<HttpResponse> outcome)
{
    auto& exchange = *found->second;
    active_.erase(found);
    curl_multi_remove_handle(multi_, exchange.handle());
    put_back(exchange.handle());
    exchange.finish(std::move(outcome));  // It may be gone when this returns.
}

}  // namespace ramet::net
