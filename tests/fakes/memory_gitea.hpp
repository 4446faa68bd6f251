#pragma once

#include "base/json.hpp"
#include "fakes/memory_repository.hpp"
#include "net/http_client.hpp"

#include <atomic>
#include <mutex>
#include <string>
#include <vector>

namespace ramet::fakes {

/// How a Git host answers.
enum class Mood : std::uint8_t { well, server_error, timeout, nonsense };

/// Gitea's REST API over a MemoryRepository, behind net::HttpClient: what Ramet asks of it and nothing more. Thread-safe.
class MemoryGitea final : public net::HttpClient {
public:
    explicit MemoryGitea(const MemoryRepository& repository) : repository_(repository) {}

    Result<net::HttpResponse> send(const net::HttpRequest& request, std::stop_token stop = {}) override;
    Result<net::HttpResponse> send_streaming(const net::HttpRequest& request, const net::OnChunk& on_chunk,
                                             std::stop_token stop = {}) override;

    void set_mood(Mood mood) { mood_ = mood; }
    /// Bodies of the comments on a pull request, oldest first.
    std::vector<std::string> comments(std::int64_t number) const;
    struct Status {
        std::string commit;
        std::string state;
    };
    std::vector<Status> statuses() const;
    /// The newest state of that commit's status; empty when it has none.
    std::string status_of(const CommitSha& commit) const;
    /// The secret that the webhook was made with; empty when there is none.
    std::string webhook_secret() const;
    /// How many requests there were.
    int requests() const { return requests_; }

private:
    struct Comment {
        std::int64_t id = 0;
        std::int64_t number = 0;
        std::string body;
    };

    Result<net::HttpResponse> answer(const net::HttpRequest& request, const std::string& path);
    net::HttpResponse answer_pull(const std::string& number) const;
    net::HttpResponse answer_file(const std::string& path) const;
    net::HttpResponse answer_comments(const net::HttpRequest& request, std::int64_t number);
    net::HttpResponse edit_comment(const net::HttpRequest& request, std::int64_t id);
    net::HttpResponse add_status(const net::HttpRequest& request, const std::string& commit);
    net::HttpResponse answer_hooks(const net::HttpRequest& request);

    const MemoryRepository& repository_;
    std::atomic<Mood> mood_ = Mood::well;
    std::atomic<int> requests_ = 0;
    mutable std::mutex mutex_;
    std::vector<Comment> comments_;
    std::vector<Status> statuses_;
    std::vector<Json> hooks_;
};

}  // namespace ramet::fakes
