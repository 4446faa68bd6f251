#include "target.hpp"

#include "domain/pull_request.hpp"
#include "forges/gitea/gitea.hpp"
#include "forges/github/github.hpp"

namespace ramet::fuzz {

namespace {

using namespace forges;

/// Answers everything with the same text, as a host that is broken does.
class OneAnswer final : public net::HttpClient {
public:
    explicit OneAnswer(std::string_view body) : body_(body) {}
    Result<net::HttpResponse> send(const net::HttpRequest& request, std::stop_token) override
    {
        require(++asked_ < 50, "it goes on asking");
        require(request.url.starts_with("http://git.test/"), "it asks {}", request.url);
        return net::HttpResponse{.status = 200, .body = std::string(body_)};
    }
    Result<net::HttpResponse> send_streaming(const net::HttpRequest& request, const net::OnChunk&,
                                             std::stop_token stop) override
    {
        return send(request, stop);
    }

private:
    std::string_view body_;
    int asked_ = 0;
};

const RepositoryName shop{"acme", "shop"};

template <typename T>
void check_error(const Result<T>& result)
{
    if (result) return;
    require(result.error().kind == ErrorKind::unavailable || result.error().kind == ErrorKind::invalid,
            "nonsense is {}: {}", to_string(result.error().kind), result.error().message);
}

void check_pull_request(const PullRequest& read)
{
    require(read.number > 0, "pull request {}", read.number);
    require(is_commit_sha(read.head_commit.str()), "the commit {}", read.head_commit.str());
    require(!read.target_branch.empty(), "no target branch");
    require(read.web_url.empty() || read.web_url.starts_with("http"), "the link {}", read.web_url);
}

void check(Forge& forge)
{
    const auto repository = forge.get_repository(shop);
    check_error(repository);
    if (repository)
        require(repository->clone_url.starts_with("http://git.test/"), "git is sent to {}", repository->clone_url);
    const auto pull = forge.get_pull_request(shop, 7);
    check_error(pull);
    if (pull) check_pull_request(*pull);
    const auto open = forge.list_open_pull_requests(shop);
    check_error(open);
    if (open)
        for (const auto& each : *open) check_pull_request(each);
    const auto head = forge.get_branch_head(shop, "main");
    check_error(head);
    if (head) require(is_commit_sha(head->str()), "the head {}", head->str());
    check_error(forge.get_file(shop, "ramet.yaml", "main"));
    check_error(forge.may_write(shop, "bob"));
    check_error(forge.set_status(shop, {.commit = CommitSha(std::string(40, 'a')), .context = "ramet/shop"}));
    check_error(forge.ensure_comment(shop, 7, "<!-- m -->", "<!-- m -->"));
    check_error(forge.ensure_webhook(shop, "http://ramet.test/", "secret"));
}

void run(std::string_view input)
{
    OneAnswer gitea_host(input);
    Gitea gitea(gitea_host, {"http://git.test", SecretBytes("t")});
    check(gitea);
    OneAnswer github_host(input);
    GitHub github(github_host, {"http://git.test", SecretBytes("t")});
    check(github);
}

std::vector<std::string> seeds()
{
    const std::string sha(40, 'a');
    const auto pull =
        R"({"id":1,"number":7,"state":"open","draft":false,"title":"T","user":{"id":3,"login":"bob"},"labels":[{"name":"x"}],"head":{"ref":"f","sha":")" +
        sha +
        R"(","repo":{"full_name":"acme/shop"}},"base":{"ref":"main"},"html_url":"https://git.test/1","merged":false})";
    return {
        pull,
        "[" + pull + "]",
        R"({"full_name":"acme/shop","default_branch":"main","clone_url":"http://git.test/acme/shop.git","private":false,"permissions":{"admin":true}})",
        R"({"commit":{"id":")" + sha + R"(","sha":")" + sha + R"("}})",
        R"({"type":"file","encoding":"base64","content":"dmVyc2lvbjogMQo=","permission":"write"})",
        R"([{"id":1,"body":"<!-- m -->","user":{"id":3,"login":"ramet"},"config":{"url":"http://ramet.test/"},"type":"file"}])"};
}

}  // namespace

const Target& git_host_target()
{
    static const Target target{"git_host",
                               seeds,
                               {"\"id\":0", "null", "[]", "{}", "\"state\":\"merged\"", "\"javascript:alert(1)\"",
                                "\"../../x/y\"", "\"=\"", "\"repo\":null", "\"file:///etc\""},
                               run};
    return target;
}

}  // namespace ramet::fuzz
