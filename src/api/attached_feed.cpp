#include "api/attached_feed.hpp"

namespace ramet::api {

namespace {

// Revocation closes streams within 5 seconds.
constexpr auto check_every = std::chrono::seconds(3);

}  // namespace

AttachedFeed::AttachedFeed(net::JoinedConnection connection, std::function<bool()> may_go_on)
    : connection_(std::move(connection)), may_go_on_(std::move(may_go_on))
{
}

Feed::State AttachedFeed::pump()
{
    if (connection_.is_over()) return State::over;
    const auto now = std::chrono::steady_clock::now();
    if (now - last_checked_ < check_every) return State::open;
    last_checked_ = now;
    if (may_go_on_()) return State::open;
    connection_.close();
    return State::over;
}

}  // namespace ramet::api
