#include "forges/host_fixture.hpp"

#include "base/hash.hpp"
#include "forges/paths.hpp"
#include "support/temporary.hpp"

#include <doctest/doctest.h>

#include <atomic>

namespace ramet::testing {

namespace {

std::string source_path(const std::string& path)
{
    return std::string(RAMET_SOURCE_DIR) + "/" + path;
}

const ServedHost& gitea_host()
{
    static const TemporaryDirectory directory;
    // Gitea runs as a user of its own.
    std::filesystem::permissions(directory.path(), std::filesystem::perms(0755));
    static const ServedHost host({source_path("tests/gitea/gitea.py"), "serve", "--dir", directory.path().string()});
    return host;
}

const ServedHost& github_host()
{
    static const TemporaryDirectory directory;
    static const ServedHost host(
        {source_path("tests/fakes/github/github.py"), "serve", "--check", "--dir", directory.path().string()});
    return host;
}

/// Asks for two entries where the adapter asks for as many as there may be: pages without hundreds of pull requests.
class SmallPages final : public net::HttpClient {
public:
    explicit SmallPages(net::HttpClient& client) : client_(client) {}

    Result<net::HttpResponse> send(const net::HttpRequest& request, std::stop_token stop) override
    {
        auto smaller = request;
        for (const std::string_view size : {"limit=50", "per_page=100"})
            if (const auto at = smaller.url.find(size); at != std::string::npos)
                smaller.url.replace(at, size.size(), std::string(size.substr(0, size.find('='))) + "=2");
        return client_.send(smaller, std::move(stop));
    }
    Result<net::HttpResponse> send_streaming(const net::HttpRequest& request, const net::OnChunk& on_chunk,
                                             std::stop_token stop) override
    {
        return client_.send_streaming(request, on_chunk, std::move(stop));
    }

private:
    net::HttpClient& client_;
};

SmallPages& small_pages(net::HttpClient& client)
{
    static SmallPages pages(client);
    return pages;
}

std::string fresh_name()
{
    static std::atomic<int> last = 0;
    return fmt::format("shop-{}", ++last);
}

bool is_success(const net::HttpResponse& response)
{
    return response.status >= 200 && response.status < 300;
}

}  // namespace

HostFixture::HostFixture(const ServedHost& host, std::string api, Visibility visibility)
    : host_(host), api_(std::move(api))
{
    repository = {"alice", fresh_name()};
    call("POST", "/user/repos",
         json::object{{"name", repository.name}, {"private", visibility == Visibility::hidden}, {"auto_init", true}});
}

void HostFixture::edit(std::int64_t number, const json::object& changes)
{
    call("PATCH", fmt::format("{}/pulls/{}", at(), number), changes);
}

void HostFixture::comment(std::int64_t number, const std::string& body, const std::string& user)
{
    call("POST", fmt::format("{}/issues/{}/comments", at(), number), json::object{{"body", body}}, user);
}

void HostFixture::fork(const std::string& user)
{
    call("POST", at() + "/forks", json::object{}, user);
}

void HostFixture::delete_fork(const std::string& user)
{
    call("DELETE", at(user), nullptr, user);
}

void HostFixture::let_write(const std::string& user)
{
    call("PUT", fmt::format("{}/collaborators/{}", at(), user), json::object{{"permission", write_word()}});
}

std::int64_t HostFixture::open(const std::string& head, const std::string& base, const std::string& user)
{
    const json::object wanted{{"head", head}, {"base", base}, {"title", "A change"}};
    return get_int(call_once_it_is_not(404, "POST", at() + "/pulls", wanted, user), "number");
}

std::vector<Json> HostFixture::comments(std::int64_t number)
{
    return list(fmt::format("{}/issues/{}/comments", at(), number));
}

std::vector<Json> HostFixture::hooks()
{
    return list(at() + "/hooks");
}

std::vector<Json> HostFixture::statuses(const std::string& commit)
{
    auto found = list(fmt::format("{}/commits/{}/statuses", at(), commit));
    std::ranges::sort(found, std::greater(), [](const Json& status) { return get_int(status, "id"); });
    return found;
}

Json HostFixture::call(const std::string& method, const std::string& path, const Json& body, const std::string& user)
{
    const auto response = send(method, path, body, user);
    INFO(method << " " << path << ": " << response.status << " " << response.body);
    REQUIRE(is_success(response));
    return response.body.empty() ? Json() : parse_json(response.body).value_or(Json());
}

Json HostFixture::call_once_it_is_not(int not_yet, const std::string& method, const std::string& path, const Json& body,
                                      const std::string& user)
{
    net::HttpResponse response;
    const auto answered = wait_until([&] {
        response = send(method, path, body, user);
        return response.status != not_yet;
    });
    INFO(method << " " << path << ": " << response.status << " " << response.body);
    REQUIRE(answered);
    REQUIRE(is_success(response));
    return response.body.empty() ? Json() : parse_json(response.body).value_or(Json());
}

std::vector<Json> HostFixture::list(const std::string& path)
{
    const auto found = call("GET", path);
    REQUIRE(found.is_array());
    return {found.as_array().begin(), found.as_array().end()};
}

net::HttpClient& HostFixture::client()
{
    static net::CurlClient curl;
    return curl;
}

net::HttpResponse HostFixture::send(const std::string& method, const std::string& path, const Json& body,
                                    const std::string& user)
{
    net::HttpRequest request{
        .method = method, .url = api_ + path, .headers = {{"Authorization", "token " + host_.token_of(user)}}};
    if (!body.is_null()) {
        request.headers.set("Content-Type", "application/json");
        request.body = to_text(body);
    }
    auto response = client().send(request);
    REQUIRE(response);
    return std::move(*response);
}

GiteaFixture::GiteaFixture(Visibility visibility) : HostFixture(gitea_host(), url() + "/api/v1", visibility)
{
    forge_ = forge_at(url(), host_.token_of("alice"));
    commit("main", "ramet.yaml", "version: 1\n");
}

std::string GiteaFixture::url()
{
    return gitea_host().url();
}

std::unique_ptr<forges::Forge> GiteaFixture::forge_at(const std::string& url, const std::string& token)
{
    return std::make_unique<forges::Gitea>(client(), forges::Connection{url, SecretBytes(token)});
}

std::unique_ptr<forges::Forge> GiteaFixture::forge_with_small_pages()
{
    return std::make_unique<forges::Gitea>(small_pages(client()),
                                           forges::Connection{url(), SecretBytes(host_.token_of("alice"))});
}

std::string GiteaFixture::commit(const std::string& branch, const std::string& path, const std::string& text,
                                 const std::string& owner)
{
    const auto place = at(owner) + "/contents/" + forges::encode_path(path, forges::Slash::keep);
    const auto known = list(at(owner) + "/branches?limit=50");
    const bool is_new = std::ranges::none_of(known, [&](const Json& one) { return get_string(one, "name") == branch; });
    json::object body{{"message", "Change"}, {"content", to_base64(text)}, {is_new ? "new_branch" : "branch", branch}};
    const auto present = is_new
                             ? json::array{}
                             : call("GET", at(owner) + "/git/trees/" + forges::encode_path(branch) + "?recursive=true")
                                   .at("tree")
                                   .as_array();
    for (const auto& entry : present)
        if (get_string(entry, "path") == path) body["sha"] = get_member(entry, "sha");
    const auto made = call(body.contains("sha") ? "PUT" : "POST", place, body, owner);
    return get_string(get_member(made, "commit"), "sha");
}

void GiteaFixture::branch(const std::string& name, const std::string& commit)
{
    call("POST", at() + "/branches", json::object{{"new_branch_name", name}, {"old_ref_name", commit}});
}

void GiteaFixture::add_label(std::int64_t number, const std::string& name)
{
    const auto label = call("POST", at() + "/labels", json::object{{"name", name}, {"color", "#0052cc"}});
    call("POST", fmt::format("{}/issues/{}/labels", at(), number),
         json::object{{"labels", json::array{get_int(label, "id")}}});
}

void GiteaFixture::merge(std::int64_t number)
{
    call_once_it_is_not(405, "POST", fmt::format("{}/pulls/{}/merge", at(), number), json::object{{"Do", "merge"}},
                        "alice");
}

GitHubFixture::GitHubFixture(Visibility visibility) : HostFixture(github_host(), url() + "/api/v3", visibility)
{
    forge_ = forge_at(url(), host_.token_of("alice"));
    commit("main", "ramet.yaml", "version: 1\n");
}

std::string GitHubFixture::url()
{
    return github_host().url();
}

std::unique_ptr<forges::Forge> GitHubFixture::forge_at(const std::string& url, const std::string& token)
{
    return std::make_unique<forges::GitHub>(client(), forges::Connection{url, SecretBytes(token)});
}

std::unique_ptr<forges::Forge> GitHubFixture::forge_with_small_pages()
{
    return std::make_unique<forges::GitHub>(small_pages(client()),
                                            forges::Connection{url(), SecretBytes(host_.token_of("alice"))});
}

std::string GitHubFixture::commit(const std::string& branch, const std::string& path, const std::string& text,
                                  const std::string& owner)
{
    const auto known = list(at(owner) + "/branches?per_page=100");
    std::string main_head;
    bool is_new = true;
    for (const auto& one : known) {
        if (get_string(one, "name") == branch) is_new = false;
        if (get_string(one, "name") == "main") main_head = get_string(get_member(one, "commit"), "sha");
    }
    if (is_new)
        call("POST", at(owner) + "/git/refs", json::object{{"ref", "refs/heads/" + branch}, {"sha", main_head}}, owner);
    const auto made =
        call("PUT", at(owner) + "/contents/" + forges::encode_path(path, forges::Slash::keep),
             json::object{{"message", "Change"}, {"content", to_base64(text)}, {"branch", branch}}, owner);
    return get_string(get_member(made, "commit"), "sha");
}

void GitHubFixture::branch(const std::string& name, const std::string& commit)
{
    call("POST", at() + "/git/refs", json::object{{"ref", "refs/heads/" + name}, {"sha", commit}});
}

void GitHubFixture::add_label(std::int64_t number, const std::string& name)
{
    call("POST", fmt::format("{}/issues/{}/labels", at(), number), json::object{{"labels", json::array{name}}});
}

void GitHubFixture::merge(std::int64_t number)
{
    call("PUT", fmt::format("{}/pulls/{}/merge", at(), number), json::object{});
}

}  // namespace ramet::testing
