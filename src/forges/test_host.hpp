#pragma once
// For the tests of this folder: a Git host that says what the test wants, without a network.

#include "base/json.hpp"
#include "forges/gitea/gitea.hpp"
#include "forges/github/github.hpp"
#include "net/http_client.hpp"

#include <doctest/doctest.h>

#include <functional>
#include <memory>
#include <vector>

namespace ramet::forges::testing {

inline net::HttpResponse reply(int status, std::string body, net::Headers headers = {})
{
    return {.status = status, .headers = std::move(headers), .body = std::move(body)};
}

/// An HTTP client whose answers come from a function; remembers what was asked.
class ScriptedHost final : public net::HttpClient {
public:
    using Answer = std::function<Result<net::HttpResponse>(const net::HttpRequest&)>;
    explicit ScriptedHost(Answer answer) : answer_(std::move(answer)) {}

    Result<net::HttpResponse> send(const net::HttpRequest& request, std::stop_token = {}) override
    {
        requests.push_back(request);
        return answer_(request);
    }
    Result<net::HttpResponse> send_streaming(const net::HttpRequest& request, const net::OnChunk&,
                                             std::stop_token) override
    {
        return send(request);
    }

    /// How many requests of this method there were.
    std::size_t count(std::string_view method) const
    {
        return static_cast<std::size_t>(std::ranges::count(requests, method, &net::HttpRequest::method));
    }

    std::vector<net::HttpRequest> requests;

private:
    Answer answer_;
};

inline const RepositoryName shop{"acme", "shop"};
inline const std::string commit_text(40, 'a');

inline std::unique_ptr<RestForge> make_forge(std::string_view type, net::HttpClient& http)
{
    if (type == "gitea") return std::make_unique<Gitea>(http, Connection{"http://git.test", SecretBytes("a-token")});
    return std::make_unique<GitHub>(http, Connection{"https://github.com", SecretBytes("a-token")});
}

inline json::object pull_request_json(std::int64_t number = 7)
{
    return {
        {"number", number},
        {"state", "open"},
        {"title", "A change"},
        {"draft", false},
        {"html_url", "http://git.test/7"},
        {"user", json::object{{"id", 3}, {"login", "alice"}}},
        {"head",
         json::object{{"ref", "feature"}, {"sha", commit_text}, {"repo", json::object{{"full_name", "acme/shop"}}}}},
        {"base", json::object{{"ref", "main"}}},
        {"labels", json::array{json::object{{"name", "preview"}}}}};
}

}  // namespace ramet::forges::testing
