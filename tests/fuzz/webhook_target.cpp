#include "target.hpp"

#include "base/hash.hpp"
#include "forges/gitea/gitea.hpp"
#include "forges/github/github.hpp"

#include <array>

namespace ramet::fuzz {

namespace {

using namespace forges;

constexpr std::string_view secret = "the-webhook-secret";
constexpr std::array<std::string_view, 3> events = {"pull_request", "push", "issue_comment"};

/// Deliveries are read without a question to the host.
class NoHost final : public net::HttpClient {
public:
    Result<net::HttpResponse> send(const net::HttpRequest&, std::stop_token) override
    {
        return fail(ErrorKind::internal, "asked");
    }
    Result<net::HttpResponse> send_streaming(const net::HttpRequest&, const net::OnChunk&, std::stop_token) override
    {
        return fail(ErrorKind::internal, "asked");
    }
};

struct Dialects {
    NoHost host;
    Gitea gitea{host, {"http://git.test", SecretBytes("t")}};
    GitHub github{host, {"https://github.com", SecretBytes("t")}};
};

Delivery gitea_delivery(std::string_view event, std::string_view body)
{
    return {{{"x-gitea-event", std::string(event)}, {"x-gitea-signature", hmac_sha256_hex(secret, body)}},
            std::string(body)};
}

Delivery github_delivery(std::string_view event, std::string_view body)
{
    return {
        {{"x-github-event", std::string(event)}, {"x-hub-signature-256", "sha256=" + hmac_sha256_hex(secret, body)}},
        std::string(body)};
}

void check_repository(const RepositoryName& name)
{
    require(!name.owner.empty() && !name.name.empty(), "a hint about no repository");
    require(!name.owner.contains('/') && !name.name.contains('/'), "the repository {} has more than two parts",
            name.str());
}

struct CheckHint {
    void operator()(const NoHint& none) const { require(!none.reason.empty(), "no hint and no reason"); }
    void operator()(const PullRequestHint& hint) const
    {
        check_repository(hint.repository);
        require(hint.number > 0, "pull request {}", hint.number);
    }
    void operator()(const BranchHint& hint) const { check_repository(hint.repository); }
    void operator()(const CommentHint& hint) const
    {
        check_repository(hint.repository);
        require(hint.number > 0 && !hint.author.empty(), "a command by nobody on nothing");
    }
};

void check(const Forge& forge, Delivery delivery)
{
    const auto hint = forge.parse_event(delivery, secret);
    if (hint)
        std::visit(CheckHint{}, *hint);
    else
        require(hint.error().kind == ErrorKind::invalid && !hint.error().message.empty(), "a signed delivery is {}",
                to_string(hint.error().kind));
    // Whatever it says: with another body its signature is worth nothing.
    delivery.body += ' ';
    const auto forged = forge.parse_event(delivery, secret);
    require(!forged && forged.error().kind == ErrorKind::unauthenticated, "a forged delivery was read");
    delivery.headers.clear();
    require(!forge.parse_event(delivery, secret), "an unsigned delivery was read");
}

void run(std::string_view input)
{
    static const Dialects dialects;
    for (const auto event : events) {
        check(dialects.gitea, gitea_delivery(event, input));
        check(dialects.github, github_delivery(event, input));
    }
}

std::vector<std::string> seeds()
{
    return {
        R"({"action":"opened","number":7,"pull_request":{"number":7,"state":"open","head":{"ref":"a","sha":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"}},"repository":{"full_name":"acme/shop"},"sender":{"login":"bob"}})",
        R"({"ref":"refs/heads/main","before":"0","after":"1","repository":{"full_name":"acme/shop"},"commits":[]})",
        R"({"ref":"refs/tags/v1","repository":{"full_name":"acme/shop"}})",
        R"({"action":"created","is_pull":true,"issue":{"number":7,"pull_request":{}},"comment":{"body":"/preview","user":{"login":"bob"}},"repository":{"full_name":"acme/shop"}})",
        R"({"action":"created","issue":{"number":7,"pull_request":{"url":"x"}},"comment":{"body":"/stop","user":null},"repository":{"full_name":"acme/shop"}})"};
}

}  // namespace

const Target& webhook_target()
{
    static const Target target{"webhook",
                               seeds,
                               {"\"number\":", "\"repository\":{", "null", "[]", "{}", "\"full_name\":\"a/b/c\"",
                                "\"/\"", "true", "\"ref\":\"refs/heads/\"", "{\"number\":"},
                               run};
    return target;
}

}  // namespace ramet::fuzz
