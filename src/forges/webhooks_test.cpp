#include "forges/test_host.hpp"

namespace ramet::forges {

using namespace testing;

namespace {

const std::string url = "http://ramet.test/hooks/gitea/shop";

struct Settings {
    json::array hooks{};
    int list_status = 200;
    int create_status = 201;
    ScriptedHost host{[this](const net::HttpRequest& request) { return answer(request); }};

    std::unique_ptr<RestForge> connect(std::string_view type) { return make_forge(type, host); }

    void add(std::int64_t id, const std::string& to)
    {
        hooks.push_back(json::object{{"id", id}, {"config", json::object{{"url", to}}}});
    }

    Result<net::HttpResponse> answer(const net::HttpRequest& request)
    {
        const auto refusal = std::string(R"({"message":"no"})");
        if (request.method == "GET" && request.url.contains("/hooks?"))
            return reply(list_status, list_status == 200 ? json::serialize(hooks) : refusal);
        if (request.method == "GET") return reply(200, R"({"full_name":"acme/shop"})");
        if (request.method == "POST") return reply(create_status, create_status == 201 ? R"({"id":50})" : refusal);
        return reply(request.method == "DELETE" ? 204 : 200, request.method == "DELETE" ? "" : "{}");
    }

    std::vector<std::string> changes() const
    {
        std::vector<std::string> seen;
        for (const auto& request : host.requests)
            if (request.method != "GET")
                seen.push_back(request.method + request.url.substr(request.url.find("/hooks")));
        return seen;
    }
};

using Changes = std::vector<std::string>;

}  // namespace

TEST_CASE_FIXTURE(Settings, "a webhook is made with its secret and the events that matter")
{
    add(1, "http://somebody.else/");
    REQUIRE(connect("github")->ensure_webhook(shop, url, "secret"));
    CHECK(changes() == Changes{"POST/hooks"});
    const auto body = *parse_json(host.requests.back().body);
    CHECK(
        to_text(body) ==
        R"({"active":true,"events":["push","pull_request","issue_comment"],)"
        R"("config":{"url":"http://ramet.test/hooks/gitea/shop","content_type":"json","secret":"secret"},"name":"web"})");
}

TEST_CASE_FIXTURE(Settings, "GitHub's webhook is edited in place, and duplicates of it go")
{
    add(1, "http://somebody.else/");
    add(2, url);
    add(3, url);
    REQUIRE(connect("github")->ensure_webhook(shop, url, "secret"));
    CHECK(changes() == Changes{"PATCH/hooks/2", "DELETE/hooks/3"});
}

TEST_CASE_FIXTURE(Settings, "Gitea's webhook is made anew, since an edit would keep the old secret")
{
    add(2, url);
    REQUIRE(connect("gitea")->ensure_webhook(shop, url, "secret"));
    CHECK(changes() == Changes{"POST/hooks", "DELETE/hooks/2"});
}

TEST_CASE_FIXTURE(Settings, "when the new webhook cannot be made the old one stays")
{
    add(2, url);
    create_status = 500;
    CHECK(connect("gitea")->ensure_webhook(shop, url, "secret").error().kind == ErrorKind::unavailable);
    CHECK(changes() == Changes{"POST/hooks"});
}

TEST_CASE_FIXTURE(Settings,
                  "a token that may not make webhooks is forbidden, also where the forge hides that they exist")
{
    list_status = 404;
    const auto hidden = connect("github")->ensure_webhook(shop, url, "secret");
    CHECK(hidden.error().kind == ErrorKind::forbidden);
    CHECK(hidden.error().next_step.contains("poll"));
    list_status = 403;
    CHECK(connect("gitea")->ensure_webhook(shop, url, "secret").error().kind == ErrorKind::forbidden);
    CHECK(changes().empty());
}

TEST_CASE_FIXTURE(Settings, "a webhook is removed as often as asked, and others stay")
{
    add(1, "http://somebody.else/");
    add(2, url);
    const auto forge = connect("gitea");
    REQUIRE(forge->remove_webhook(shop, url));
    CHECK(changes() == Changes{"DELETE/hooks/2"});
    hooks.clear();
    REQUIRE(forge->remove_webhook(shop, url));
    CHECK(changes().size() == 1);
}

TEST_CASE_FIXTURE(Settings, "a webhook without a secret is refused, and one without an id is nonsense")
{
    CHECK(connect("gitea")->ensure_webhook(shop, url, "").error().kind == ErrorKind::invalid);
    hooks.push_back(json::object{{"config", json::object{{"url", url}}}});
    CHECK(connect("github")->ensure_webhook(shop, url, "secret").error().kind == ErrorKind::unavailable);
    CHECK(connect("github")->remove_webhook(shop, url).error().kind == ErrorKind::unavailable);
    CHECK(changes().empty());
}

}  // namespace ramet::forges
