#include "base/hash.hpp"
#include "forges/test_host.hpp"

namespace ramet::forges {

using namespace testing;

namespace {

/// Every question of the port, by name.
struct Question {
    std::string_view name;
    std::function<Result<void>(Forge&)> ask;
};

template <typename T>
Result<void> without_value(const Result<T>& result)
{
    if (!result) return std::unexpected(result.error());
    return {};
}

const std::vector<Question>& questions()
{
    static const std::vector<Question> all = {
        {"get_repository", [](Forge& f) { return without_value(f.get_repository(shop)); }},
        {"get_pull_request", [](Forge& f) { return without_value(f.get_pull_request(shop, 7)); }},
        {"list_open_pull_requests", [](Forge& f) { return without_value(f.list_open_pull_requests(shop)); }},
        {"get_branch_head", [](Forge& f) { return without_value(f.get_branch_head(shop, "main")); }},
        {"get_file", [](Forge& f) { return without_value(f.get_file(shop, "ramet.yaml", "main")); }},
        {"may_write", [](Forge& f) { return without_value(f.may_write(shop, "bob")); }},
        {"set_status",
         [](Forge& f) { return f.set_status(shop, {.commit = CommitSha(commit_text), .context = "ramet/shop"}); }},
        {"ensure_comment", [](Forge& f) { return f.ensure_comment(shop, 7, "<!-- m -->", "<!-- m -->"); }},
        {"ensure_webhook", [](Forge& f) { return f.ensure_webhook(shop, "http://ramet.test/", "secret"); }},
        {"remove_webhook", [](Forge& f) { return f.remove_webhook(shop, "http://ramet.test/"); }},
    };
    return all;
}

struct Nonsense {
    std::string_view story;
    int status;
    std::string body;
};

const std::vector<Nonsense>& nonsense()
{
    static const std::vector<Nonsense> all = {
        {"a web page", 200, "<html><body>Welcome</body></html>"},
        {"a web page that says 404", 404, "<html><body>not found</body></html>"},
        {"half an object", 200, R"({"number":7,"state":"op)"},
        {"half a list", 200, R"([{"number":7)"},
        {"an object without anything", 200, "{}"},
        {"null", 200, "null"},
        {"text", 200, R"("ok")"},
        {"a list of numbers", 200, "[1,2,3]"},
        {"a list of lists", 200, "[[],[]]"},
        {"wrong types", 200,
         R"({"id":"7","number":"7","state":1,"head":[],"commit":7,"permission":true,"full_name":{}})"},
        {"an unknown permission and state", 200, R"({"id":0,"number":7,"state":"weird","permission":"emperor"})"},
        {"nothing", 200, ""},
        {"no content", 204, ""},
        {"an internal error", 500, R"({"message":"panic"})"},
        {"a bad gateway", 502, "<html>"},
        {"unavailable", 503, ""},
        {"a used up budget", 403, R"({"message":"API rate limit exceeded"})"},
        {"too many requests", 429, R"({"message":"slow down"})"},
        {"a redirection", 302, "<a href=\"/login\">"},
        {"a teapot", 418, R"({"message":"short and stout"})"},
    };
    return all;
}

}  // namespace

TEST_CASE("a forge that answers nonsense is unavailable, whatever it was asked, and nothing reads as empty or as gone")
{
    for (const std::string_view type : {"gitea", "github"}) {
        for (const auto& [story, status, body] : nonsense()) {
            ScriptedHost host([status = status, body = body](const net::HttpRequest&) { return reply(status, body); });
            const auto forge = make_forge(type, host);
            for (const auto& [name, ask] : questions()) {
                CAPTURE(type);
                CAPTURE(story);
                CAPTURE(name);
                const auto answer = ask(*forge);
                REQUIRE_FALSE(answer);
                CHECK(to_string(answer.error().kind) == "unavailable");
            }
        }
    }
}

TEST_CASE("one unreadable pull request makes the whole list unavailable")
{
    auto broken = pull_request_json(8);
    broken.erase("head");
    ScriptedHost host([&](const net::HttpRequest&) {
        return reply(200, json::serialize(json::array{pull_request_json(7), broken}));
    });
    CHECK(make_forge("gitea", host)->list_open_pull_requests(shop).error().kind == ErrorKind::unavailable);
}

TEST_CASE("a pull request with another number than asked for is unavailable")
{
    ScriptedHost host([](const net::HttpRequest&) { return reply(200, to_text(pull_request_json(8))); });
    const auto forge = make_forge("github", host);
    CHECK(forge->get_pull_request(shop, 7).error().kind == ErrorKind::unavailable);
    CHECK(forge->get_pull_request(shop, 8));
    CHECK(forge->get_pull_request(shop, 0).error().kind == ErrorKind::invalid);
}

TEST_CASE("what people may do is read from the present permission")
{
    struct Case {
        std::string_view permission;
        bool want;
    };
    for (const auto& [permission, want] :
         {Case{"admin", true}, {"write", true}, {"owner", true}, {"read", false}, {"none", false}}) {
        CAPTURE(permission);
        ScriptedHost host([permission = permission](const net::HttpRequest&) {
            return reply(200, fmt::format(R"({{"permission":"{}"}})", permission));
        });
        CHECK(make_forge("gitea", host)->may_write(shop, "bob") == want);
    }
    ScriptedHost nobody([](const net::HttpRequest&) { return reply(404, R"({"message":"no such user"})"); });
    CHECK(make_forge("github", nobody)->may_write(shop, "bob") == false);
    CHECK(make_forge("github", nobody)->may_write(shop, "").error().kind == ErrorKind::invalid);
}

TEST_CASE("a status carries a short description, and no address where there is none")
{
    ScriptedHost host([](const net::HttpRequest&) { return reply(201, R"({"id":1,"creator":{"id":1}})"); });
    const auto forge = make_forge("github", host);
    CommitStatus status{.commit = CommitSha(commit_text),
                        .state = CommitState::failure,
                        .context = "ramet/shop",
                        .description = std::string(139, 'x') + "€\x80"};
    REQUIRE(forge->set_status(shop, status));
    CHECK(host.requests.back().url == "https://api.github.com/repos/acme/shop/statuses/" + commit_text);
    CHECK(to_text(*parse_json(host.requests.back().body)) ==
          R"({"state":"failure","context":"ramet/shop","description":")" + std::string(139, 'x') + "\"}");
    status.target_url = "http://web-pr-7.localhost:8080/";
    REQUIRE(forge->set_status(shop, status));
    CHECK(host.requests.back().body.contains(R"("target_url":"http://web-pr-7.localhost:8080/")"));
}

TEST_CASE("branches and files are asked for by encoded names, and never by names of dots")
{
    ScriptedHost host([](const net::HttpRequest&) {
        return reply(200,
                     fmt::format(R"({{"commit":{{"id":"{0}"}},"type":"file","encoding":"base64","content":"Zm9v"}})",
                                 commit_text));
    });
    const auto gitea = make_forge("gitea", host);
    CHECK(gitea->get_branch_head(shop, "feature/a b#1") == CommitSha(commit_text));
    CHECK(host.requests.back().url == "http://git.test/api/v1/repos/acme/shop/branches/feature/a%20b%231");
    CHECK(gitea->get_file(shop, "deploy/ramet.yaml", "feature/x") == "foo");
    CHECK(host.requests.back().url ==
          "http://git.test/api/v1/repos/acme/shop/contents/deploy/ramet.yaml?ref=feature%2Fx");
    const auto asked = host.requests.size();
    CHECK(gitea->get_file(shop, "ramet.yaml", "").error().kind == ErrorKind::invalid);
    CHECK(gitea->get_branch_head(shop, "").error().kind == ErrorKind::invalid);
    CHECK(gitea->get_branch_head(shop, "../../../user").error().kind == ErrorKind::invalid);
    CHECK(gitea->get_file(shop, "../../../../user", "main").error().kind == ErrorKind::invalid);
    CHECK(gitea->get_repository({"..", ".."}).error().kind == ErrorKind::invalid);
    CHECK(host.requests.size() == asked);
}

TEST_CASE("each forge is asked where its API is, in its own way")
{
    ScriptedHost host([](const net::HttpRequest&) { return reply(200, "{}"); });
    struct Case {
        std::string type, url, want, authorization;
    };
    const Case cases[] = {
        {"gitea", "http://127.0.0.1:3000", "http://127.0.0.1:3000/api/v1/", "token t"},
        {"gitea", "http://127.0.0.1:3000//", "http://127.0.0.1:3000/api/v1/", "token t"},
        {"gitea", "https://host.test/git/", "https://host.test/git/api/v1/", "token t"},
        {"github", "https://github.com", "https://api.github.com/", "Bearer t"},
        {"github", "https://github.com/", "https://api.github.com/", "Bearer t"},
        {"github", "https://acme.ghe.com", "https://api.acme.ghe.com/", "Bearer t"},
        {"github", "https://github.acme.test/", "https://github.acme.test/api/v3/", "Bearer t"},
    };
    for (const auto& [type, url, want, authorization] : cases) {
        CAPTURE(url);
        std::unique_ptr<Forge> forge;
        if (type == "gitea")
            forge = std::make_unique<Gitea>(host, Connection{url, SecretBytes("t")});
        else
            forge = std::make_unique<GitHub>(host, Connection{url, SecretBytes("t")});
        std::ignore = forge->get_repository(shop);
        const auto& request = host.requests.back();
        CHECK(request.url == want + "repos/acme/shop");
        CHECK(request.headers.get("authorization") == authorization);
        CHECK(request.headers.contains("x-github-api-version") == (type == "github"));
        CHECK(request.redirects == 0);
    }
}

TEST_CASE("git is sent to the address that was connected, whatever the host says of itself")
{
    for (const std::string said :
         {"http://169.254.169.254/x.git", "file:///etc", "ext::sh -c x", "/etc", "javascript:x", ""}) {
        CAPTURE(said);
        ScriptedHost host([&](const net::HttpRequest&) {
            const json::object described{{"full_name", "acme/shop ö"}, {"default_branch", "main"}, {"clone_url", said}};
            return reply(200, to_text(described));
        });
        const auto repository = Gitea(host, {"http://git.test:3000/sub/", SecretBytes("t")}).get_repository(shop);
        REQUIRE(repository);
        CHECK(repository->clone_url == "http://git.test:3000/sub/acme/shop%20%C3%B6.git");
    }
}

TEST_CASE("git gets the token by configuration in its environment, bound to the host")
{
    ScriptedHost host([](const net::HttpRequest&) { return reply(200, "{}"); });
    const Gitea forge(host, {"http://git.test:3000/", SecretBytes("a-token")});
    const auto environment = forge.git_environment();
    CHECK(environment.at("GIT_CONFIG_COUNT") == "1");
    CHECK(environment.at("GIT_CONFIG_KEY_0") == "http.http://git.test:3000/.extraHeader");
    CHECK(environment.at("GIT_CONFIG_VALUE_0") == "Authorization: Basic " + to_base64("x-access-token:a-token"));
    CHECK_MESSAGE(Gitea(host, {"http://git.test", {}}).git_environment().empty(), "a public repository needs no token");
    CHECK(forge.pull_request_ref(7) == "refs/pull/7/head");
}

}  // namespace ramet::forges
