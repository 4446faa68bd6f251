#pragma once
// Private to the multiplexed client.

#include "net/curl_exchange.hpp"

#include <map>
#include <mutex>
#include <thread>
#include <vector>

namespace ramet::net {

/// A thread that drives many exchanges over shared connections. What others ask of it waits in a list until it is woken up; they name
/// exchanges by a number that is never used twice, as one may have ended meanwhile.
class CurlLoop {
public:
    CurlLoop();
    ~CurlLoop();
    CurlLoop(const CurlLoop&) = delete;
    CurlLoop& operator=(const CurlLoop&) = delete;

    /// An easy handle for one exchange. It comes back with the exchange's end, or by `put_back` where it never began.
    CURL* take_handle();
    void put_back(CURL* handle);

    std::int64_t begin(CurlExchange& exchange);
    /// The reader took what it had not taken before.
    void resume(std::int64_t id) { ask({Order::resume, id}); }
    /// The reader has enough: a success.
    void stop_reading(std::int64_t id) { ask({Order::stop_reading, id}); }
    void cancel(std::int64_t id) { ask({Order::cancel, id}); }

private:
    enum class Order : unsigned char { begin, resume, stop_reading, cancel };
    struct Asked {
        Order order;
        std::int64_t id;
        CurlExchange* exchange = nullptr;  ///< of `begin`
    };
    using Active = std::map<std::int64_t, CurlExchange*>;

    void ask(Asked asked);
    void work();
    /// False when the loop is to end.
    bool take_orders();
    void obey(const Asked& asked);
    void conclude_what_is_done();
    void end_what_is_overdue();
    void end(Active::iterator found, Result<HttpResponse> outcome);
    CurlTransfer::Instant next_deadline() const;

    CURLM* multi_;
    std::mutex mutex_;  // of the next four
    std::vector<Asked> orders_;
    std::vector<CURL*> idle_;
    std::int64_t last_id_ = 0;
    bool is_ending_ = false;
    Active active_;  // The loop's own.
    std::jthread thread_;
};

}  // namespace ramet::net
