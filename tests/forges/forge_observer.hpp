#pragma once
// What the forge contract looks through: a webhook's other end, git, and the kind of an error.

#include "base/subprocess.hpp"
#include "base/text.hpp"
#include "forges/forge.hpp"
#include "net/http_server.hpp"
#include "support/temporary.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <mutex>

namespace ramet::testing {

/// Keeps what a Git host's webhook brings.
class HookListener {
public:
    HookListener()
    {
        auto started = net::HttpServer::start({.workers = 2},
                                              [this](const net::Request& request, const net::Responder& responder) {
                                                  forges::Delivery delivery{.body = request.body};
                                                  for (const auto& field : request.headers)
                                                      delivery.headers[to_lower(field.name)] = field.value;
                                                  {
                                                      const std::scoped_lock lock(mutex_);
                                                      deliveries_.push_back(std::move(delivery));
                                                  }
                                                  responder.send({.status = 202});
                                              });
        REQUIRE(started);
        server_ = std::move(*started);
    }

    std::string url() const { return fmt::format("http://127.0.0.1:{}/hooks/forge/shop", server_->port()); }

    std::vector<forges::Delivery> deliveries() const
    {
        const std::scoped_lock lock(mutex_);
        return deliveries_;
    }

    /// Waits until a delivery, read by `forge` with `secret`, is one that `wanted` says yes to.
    [[nodiscard]] bool wait_for(const forges::Forge& forge, std::string_view secret,
                                const std::function<bool(const forges::Hint&)>& wanted) const
    {
        return wait_until(
            [&] {
                return std::ranges::any_of(deliveries(), [&](const auto& delivery) {
                    const auto hint = forge.parse_event(delivery, secret);
                    return hint && wanted(*hint);
                });
            },
            std::chrono::seconds(30));
    }

private:
    mutable std::mutex mutex_;
    std::vector<forges::Delivery> deliveries_;
    std::unique_ptr<net::HttpServer> server_;
};

inline auto is_pull_request(std::int64_t number)
{
    return [number](const forges::Hint& hint) {
        const auto* pull = std::get_if<forges::PullRequestHint>(&hint);
        return pull != nullptr && pull->number == number;
    };
}

/// `git ls-remote` with what the forge gives git; the output, or nothing when it failed.
inline std::string list_remote(const forges::Forge& forge, const std::string& clone_url)
{
    std::map<std::string, std::string> environment{
        {"PATH", "/usr/bin:/bin"}, {"GIT_TERMINAL_PROMPT", "0"}, {"HOME", "/nonexistent"}};
    environment.merge(forge.git_environment());
    const auto listed = run_command({.arguments = {"git", "ls-remote", clone_url}, .environment = environment});
    REQUIRE(listed);
    return listed->exit_code == 0 ? listed->standard_output : std::string();
}

template <typename T>
ErrorKind kind_of(const Result<T>& result)
{
    REQUIRE_FALSE(result);
    return result.error().kind;
}

}  // namespace ramet::testing
