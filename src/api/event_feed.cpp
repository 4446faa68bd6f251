#include "api/event_feed.hpp"

#include "api/json_views.hpp"
#include "app/access.hpp"

namespace ramet::api {

namespace {

constexpr auto heartbeat = std::chrono::seconds(15);
// Revocation closes streams within 5 seconds.
constexpr auto check_token_every = std::chrono::seconds(3);
constexpr int page_size = 500;

}  // namespace

EventFeed::EventFeed(app::App& app, app::Caller caller, std::string token, std::string environment, std::int64_t after,
                     net::StreamWriter writer)
    : app_(app), caller_(std::move(caller)), token_(std::move(token)), environment_(std::move(environment)),
      after_(after), writer_(std::move(writer)), last_sent_(clock_.monotonic()), last_checked_(last_sent_)
{
}

Feed::State EventFeed::pump()
{
    const auto now = clock_.monotonic();
    if (now - last_checked_ >= check_token_every) {
        last_checked_ = now;
        if (!app::authenticate(app_, token_)) {
            writer_.close();
            return State::over;
        }
    }
    if (send_page() == State::over) return State::over;
    if (now - last_sent_ < heartbeat) return State::open;
    last_sent_ = now;
    return writer_.write(": still here\n\n") ? State::open : State::over;
}

Feed::State EventFeed::send_page()
{
    const auto page = app::list_events(app_, caller_, after_, page_size);
    if (!page) return State::open;  // The store is not there at the moment; the next beat asks again.
    if (!page->is_complete && !writer_.write("event: reset\ndata: {}\n\n")) return State::over;
    for (const auto& event : page->events) {
        after_ = event.id;
        if (!environment_.empty() && event.environment != environment_) continue;
        if (!send(event)) return State::over;
        last_sent_ = clock_.monotonic();
    }
    return State::open;
}

bool EventFeed::send(const app::EventView& event)
{
    return writer_.write(fmt::format("id: {}\nevent: {}\ndata: {}\n\n", event.id, event.kind, to_text(to_json(event))));
}

}  // namespace ramet::api
