#pragma once

#include "base/result.hpp"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <variant>
#include <vector>

namespace ramet::net {

/// Requests go to this address. A name is resolved at each new connection.
struct Upstream {
    std::string host = "127.0.0.1";
    std::uint16_t port = 0;
};

/// Requests are answered with this page: a preview that is being made, or failed, shows its state at its own address.
struct Page {
    int status = 503;
    /// Complete and escaped: `page_html` makes it.
    std::string html{};
    /// Zero sends no Retry-After.
    std::chrono::seconds retry_after{0};
};

enum class Robots : bool { noindex, as_upstream_says };
enum class Counting : bool { counted, uncounted };

struct Route {
    std::variant<Upstream, Page> to{};
    std::string service{};
    std::string environment{};
    Robots robots = Robots::noindex;
    /// Whether requests are told to `ProxyOptions::on_request`.
    Counting counting = Counting::counted;
};

/// What each public host leads to. Any thread may change it while proxies read: a reader has its own reference to the
/// current map, and looks for a newer one at the price of one atomic load. Hosts are compared without case and port.
class RouteTable {
public:
    using Map = std::unordered_map<std::string, std::shared_ptr<const Route>>;
    struct Entry {
        std::string host;
        Route route;
    };

    RouteTable();

    /// Adds or replaces one route. `invalid` when `host` is no host name.
    Result<void> set(std::string_view host, Route route);
    void remove(std::string_view host);
    /// Many changes at once: no request sees some of them and not the others.
    Result<void> update(std::vector<Entry> changed, std::span<const std::string> removed = {});

    std::shared_ptr<const Route> find(std::string_view host) const;
    std::size_t size() const;

    std::shared_ptr<const Map> snapshot() const;
    /// Grows with every change.
    std::uint64_t version() const { return version_.load(std::memory_order_acquire); }

private:
    mutable std::mutex mutex_;
    std::shared_ptr<const Map> map_;
    std::atomic<std::uint64_t> version_ = 1;
};

/// One thread's view of a table.
class RouteReader {
public:
    explicit RouteReader(const RouteTable& table) : table_(table) {}

    /// `host` is normalised.
    const std::shared_ptr<const Route>* find(const std::string& host);

private:
    const RouteTable& table_;
    std::uint64_t version_ = 0;
    std::shared_ptr<const RouteTable::Map> map_{};
};

}  // namespace ramet::net
