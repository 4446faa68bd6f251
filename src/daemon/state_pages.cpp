#include "daemon/state_pages.hpp"

#include "base/log.hpp"
#include "net/pages.hpp"

namespace ramet::daemon {

namespace {

constexpr auto look_again = std::chrono::seconds(2);

struct Words {
    std::string title;
    bool is_moving = false;
};

Words words_of(const Environment& environment)
{
    using enum EnvironmentState;
    const auto& name = environment.name;
    switch (environment.state) {
    case creating: return {name + " is being created", true};
    case updating: return {name + " is being updated", true};
    case waking: return {name + " is waking", true};
    case queued: return {name + " waits for room", true};
    case awaiting_approval: return {name + " waits for approval", true};
    case deleting: return {name + " is being removed", false};
    case sleeping: return {name + " is asleep", false};
    case failed: return {name + " failed", false};
    case needs_human: return {name + " needs a person", false};
    case ready:
    case degraded: return {name + " has no service here", true};
    }
    return {name, false};
}

net::Page page_of(const app::App& app, const Environment& environment)
{
    const auto words = words_of(environment);
    net::PageText text{.title = words.title, .detail = "ramet why " + environment.name};
    text.evidence = app.redactor.redact(environment.reason);
    if (words.is_moving) text.refresh = look_again;
    return {503, net::page_html(text), words.is_moving ? look_again : std::chrono::seconds(0)};
}

}  // namespace

void refresh_pages(app::App& app, RouteBoard& board, const EnvironmentId& id)
{
    const auto environment = app.stores.environments.find(id);
    if (!environment) return log::warning("the page of {} cannot be made: {}", id.str(), environment.error().message);
    if (!*environment) return board.drop_pages(id.str(), {});
    const auto holders = app.stores.hosts.list(id);
    if (!holders) return log::warning("the page of {} cannot be made: {}", id.str(), holders.error().message);
    std::vector<std::string> kept;
    for (const auto& holder : *holders) {
        kept.push_back(holder.host);
        board.set_page(holder.host, id.str(), (*environment)->name, page_of(app, **environment));
    }
    board.drop_pages(id.str(), kept);
}

}  // namespace ramet::daemon
