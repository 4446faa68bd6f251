#include "fakes/memory_gitea.hpp"

#include "base/hash.hpp"
#include "base/text.hpp"

#include <charconv>

namespace ramet::fakes {

namespace {

constexpr std::string_view api = "/api/v1";
constexpr std::string_view home = "/repos/acme/shop";

net::HttpResponse reply(int status, const Json& body)
{
    return {.status = status, .body = to_text(body)};
}

net::HttpResponse not_found()
{
    return reply(404, json::object{{"message", "not found"}});
}

std::int64_t to_number(std::string_view text)
{
    std::int64_t number = 0;
    std::from_chars(text.data(), text.data() + text.size(), number);
    return number;
}

std::string path_of(const std::string& url)
{
    const auto begin = url.find(api);
    return begin == std::string::npos ? url : url.substr(begin + api.size());
}

json::object person(std::int64_t id, const std::string& login)
{
    return {{"id", id}, {"login", login}};
}

Json describe(const PullRequest& pull)
{
    json::array labels;
    for (const auto& label : pull.labels) labels.push_back(json::object{{"name", label}});
    const json::object repository{{"full_name", pull.head_repository.str()}};
    return json::object{
        {"number", pull.number},
        {"state", pull.state == PullRequestState::open ? "open" : "closed"},
        {"merged", pull.state == PullRequestState::merged},
        {"draft", pull.is_draft},
        {"title", pull.title},
        {"user", person(7, pull.author)},
        {"head", json::object{{"ref", pull.head_branch}, {"sha", pull.head_commit.str()}, {"repo", repository}}},
        {"base", json::object{{"ref", pull.target_branch}}},
        {"labels", std::move(labels)}};
}

Json body_of(const net::HttpRequest& request)
{
    auto parsed = parse_json(request.body);
    return parsed ? std::move(*parsed) : Json(nullptr);
}

}  // namespace

Result<net::HttpResponse> MemoryGitea::send(const net::HttpRequest& request, std::stop_token)
{
    ++requests_;
    switch (mood_) {
    case Mood::well: break;
    case Mood::server_error: return reply(500, json::object{{"message", "database is locked"}});
    case Mood::timeout: return fail(ErrorKind::timeout, "no answer from git.test");
    case Mood::nonsense:
        return net::HttpResponse{.status = 200, .body = "<html>Please sign in to the hotel's network</html>"};
    }
    return answer(request, path_of(request.url));
}

Result<net::HttpResponse> MemoryGitea::send_streaming(const net::HttpRequest& request, const net::OnChunk&,
                                                      std::stop_token)
{
    return send(request);
}

Result<net::HttpResponse> MemoryGitea::answer(const net::HttpRequest& request, const std::string& path)
{
    if (path == "/user") return reply(200, person(1, "ramet"));
    if (!path.starts_with(home)) return not_found();
    const auto rest = path.substr(home.size());
    const auto parts = split(rest.substr(0, rest.find('?')), '/');
    if (rest.empty())
        return reply(200, json::object{{"full_name", "acme/shop"},
                                       {"default_branch", "main"},
                                       {"clone_url", "http://git.test/acme/shop.git"}});
    if (rest.starts_with("/pulls?")) {
        json::array open;
        for (const auto& pull : repository_.open_pull_requests()) open.push_back(describe(pull));
        return reply(200, open);
    }
    if (parts[1] == "pulls") return answer_pull(parts[2]);
    if (parts[1] == "branches") {
        const auto head = repository_.head(rest.substr(std::string_view("/branches/").size()));
        return head.empty() ? not_found() : reply(200, json::object{{"commit", json::object{{"id", head.str()}}}});
    }
    if (parts[1] == "contents") return answer_file(rest.substr(std::string_view("/contents/").size()));
    if (parts[1] == "statuses") return add_status(request, parts[2]);
    if (parts[1] == "hooks") return answer_hooks(request);
    if (parts[1] == "issues" && parts[2] == "comments") return edit_comment(request, to_number(parts[3]));
    if (parts[1] == "issues") return answer_comments(request, to_number(parts[2]));
    return not_found();
}

net::HttpResponse MemoryGitea::answer_pull(const std::string& number) const
{
    const auto pull = repository_.pull_request(to_number(number));
    return pull ? reply(200, describe(*pull)) : not_found();
}

net::HttpResponse MemoryGitea::answer_file(const std::string& path) const
{
    const auto name = path.substr(0, path.find('?'));
    const auto reference = path.substr(path.find("ref=") + 4);
    const auto head = repository_.head(reference);
    const auto files = repository_.files(head.empty() ? CommitSha(reference) : head);
    if (!files || !files->contains(name)) return not_found();
    return reply(200, json::object{{"type", "file"}, {"encoding", "base64"}, {"content", to_base64(files->at(name))}});
}

net::HttpResponse MemoryGitea::answer_comments(const net::HttpRequest& request, std::int64_t number)
{
    const std::scoped_lock lock(mutex_);
    if (request.method == "POST") {
        const auto& made =
            comments_.emplace_back(std::ssize(comments_) + 1, number, get_string(body_of(request), "body"));
        return reply(201, json::object{{"id", made.id}, {"user", person(1, "ramet")}});
    }
    json::array listed;
    for (const auto& comment : comments_)
        if (comment.number == number)
            listed.push_back(json::object{{"id", comment.id}, {"body", comment.body}, {"user", person(1, "ramet")}});
    return reply(200, listed);
}

net::HttpResponse MemoryGitea::edit_comment(const net::HttpRequest& request, std::int64_t id)
{
    const std::scoped_lock lock(mutex_);
    for (auto& comment : comments_) {
        if (comment.id != id) continue;
        comment.body = get_string(body_of(request), "body");
        return reply(200, json::object{{"id", id}});
    }
    return not_found();
}

net::HttpResponse MemoryGitea::add_status(const net::HttpRequest& request, const std::string& commit)
{
    const std::scoped_lock lock(mutex_);
    statuses_.push_back({commit, get_string(body_of(request), "state")});
    return reply(201, json::object{{"id", std::ssize(statuses_)}, {"creator", person(1, "ramet")}});
}

net::HttpResponse MemoryGitea::answer_hooks(const net::HttpRequest& request)
{
    const std::scoped_lock lock(mutex_);
    if (request.method != "POST") return reply(200, json::array());
    hooks_.push_back(body_of(request));
    return reply(201, json::object{{"id", std::ssize(hooks_)}});
}

std::vector<std::string> MemoryGitea::comments(std::int64_t number) const
{
    const std::scoped_lock lock(mutex_);
    std::vector<std::string> bodies;
    for (const auto& comment : comments_)
        if (comment.number == number) bodies.push_back(comment.body);
    return bodies;
}

std::vector<MemoryGitea::Status> MemoryGitea::statuses() const
{
    const std::scoped_lock lock(mutex_);
    return statuses_;
}

std::string MemoryGitea::status_of(const CommitSha& commit) const
{
    const std::scoped_lock lock(mutex_);
    std::string newest;
    for (const auto& status : statuses_)
        if (status.commit == commit.str()) newest = status.state;
    return newest;
}

std::string MemoryGitea::webhook_secret() const
{
    const std::scoped_lock lock(mutex_);
    return hooks_.empty() ? std::string() : get_string(get_member(hooks_.back(), "config"), "secret");
}

}  // namespace ramet::fakes
