// One comment per marker, and only Ramet's own.
#include "forges/test_host.hpp"

namespace ramet::forges {

using namespace testing;

namespace {

const std::string marker = "<!-- ramet:shop:pr-7 -->";
const std::string text = marker + "\n### Preview ready\n";

/// A pull request's comments at a forge whose token belongs to user 1.
struct Board {
    json::array comments{};
    int user_status = 200;
    int patch_status = 200;
    std::int64_t next_id = 100;

    ScriptedHost host{[this](const net::HttpRequest& request) { return answer(request); }};
    std::unique_ptr<RestForge> forge = make_forge("gitea", host);

    void say(std::int64_t user, std::string body)
    {
        comments.push_back(
            json::object{{"id", next_id++}, {"body", std::move(body)}, {"user", json::object{{"id", user}}}});
    }

    Result<net::HttpResponse> answer(const net::HttpRequest& request)
    {
        const auto refusal = std::string(R"({"message":"no"})");
        if (request.url.ends_with("/user"))
            return reply(user_status, user_status == 200 ? R"({"id":1,"login":"ramet"})" : refusal);
        if (request.method == "GET") return reply(200, json::serialize(comments));
        const auto body = get_string(*parse_json(request.body), "body");
        if (request.method == "POST") {
            say(1, body);
            return reply(201, json::serialize(comments.back()));
        }
        if (patch_status != 200) return reply(patch_status, refusal);
        for (auto& comment : comments)
            if (request.url.ends_with("/" + std::to_string(get_int(comment, "id")))) comment.as_object()["body"] = body;
        return reply(200, "{}");
    }

    std::string body_of(std::size_t index) const { return get_string(comments.at(index), "body"); }
};

}  // namespace

TEST_CASE_FIXTURE(Board, "the first report makes a comment, the same again sends nothing, another edits it in place")
{
    say(2, "Nice work");
    REQUIRE(forge->ensure_comment(shop, 7, marker, text));
    REQUIRE(forge->ensure_comment(shop, 7, marker, text));
    CHECK(host.count("POST") == 1);
    CHECK(host.count("PATCH") == 0);
    REQUIRE(forge->ensure_comment(shop, 7, marker, marker + "\nfailed"));
    CHECK(host.count("PATCH") == 1);
    CHECK(comments.size() == 2);
    CHECK(body_of(1) == marker + "\nfailed");
}

TEST_CASE_FIXTURE(Board, "a comment that the forge gives back with other line ends or without its last one is the same")
{
    say(1, marker + "\r\n### Preview ready");
    REQUIRE(forge->ensure_comment(shop, 7, marker, text));
    CHECK(host.count("PATCH") + host.count("POST") == 0);
}

TEST_CASE_FIXTURE(Board, "what people write is never taken over, whether they quote the marker or begin with it")
{
    say(2, "> " + text + "\nThanks!");
    say(2, text + "\nDownload it from https://evil.test");
    say(2, "Look: " + marker);
    REQUIRE(forge->ensure_comment(shop, 7, marker, text));
    CHECK(host.count("PATCH") == 0);
    CHECK(comments.size() == 4);
    CHECK(body_of(3) == text);
}

TEST_CASE_FIXTURE(Board, "another preview's comment is another comment")
{
    say(1, "<!-- ramet:shop:pr-71 -->\nready");
    REQUIRE(forge->ensure_comment(shop, 7, marker, text));
    CHECK(body_of(0) == "<!-- ramet:shop:pr-71 -->\nready");
    CHECK(comments.size() == 2);
}

TEST_CASE_FIXTURE(Board, "a token that may not ask who it is learns it from what it wrote")
{
    user_status = 403;
    REQUIRE(forge->ensure_comment(shop, 7, marker, text));
    comments.insert(comments.begin(), json::object{{"id", 1}, {"body", text}, {"user", json::object{{"id", 2}}}});
    REQUIRE(forge->ensure_comment(shop, 7, marker, marker + "\nfailed"));
    CHECK(body_of(0) == text);
    CHECK(body_of(1) == marker + "\nfailed");
}

TEST_CASE_FIXTURE(Board, "an outage while asking who the token belongs to makes no comment")
{
    user_status = 500;
    CHECK(forge->ensure_comment(shop, 7, marker, text).error().kind == ErrorKind::unavailable);
    CHECK(comments.empty());
}

TEST_CASE_FIXTURE(Board, "a comment that was deleted while it was being edited is made anew")
{
    say(1, text);
    patch_status = 404;
    REQUIRE(forge->ensure_comment(shop, 7, marker, marker + "\nfailed"));
    CHECK(comments.size() == 2);
    CHECK(body_of(1) == marker + "\nfailed");
}

TEST_CASE_FIXTURE(Board, "a refused edit is an error and makes no second comment")
{
    say(1, text);
    patch_status = 403;
    CHECK(forge->ensure_comment(shop, 7, marker, marker + "\nfailed").error().kind == ErrorKind::forbidden);
    CHECK(comments.size() == 1);
}

TEST_CASE_FIXTURE(Board, "a text without its marker gets it, or it would never be found again")
{
    REQUIRE(forge->ensure_comment(shop, 7, marker, "ready"));
    REQUIRE(forge->ensure_comment(shop, 7, marker, "ready"));
    CHECK(comments.size() == 1);
    CHECK(body_of(0) == marker + "\nready");
}

TEST_CASE_FIXTURE(Board, "text is made fit for a forge: valid UTF-8, not too long, and still the same the next time")
{
    const auto wild = marker + "\n\x80\x1b[31m" + std::string(100'000, 'x');
    REQUIRE(forge->ensure_comment(shop, 7, marker, wild));
    REQUIRE(forge->ensure_comment(shop, 7, marker, wild));
    CHECK(comments.size() == 1);
    CHECK(body_of(0).size() < 65'536);
    CHECK(body_of(0).starts_with(marker + "\n\uFFFD\uFFFD[31mxxx"));
    CHECK(host.count("PATCH") == 0);
}

TEST_CASE_FIXTURE(Board, "a comment without an id is nonsense, and no reason to write another")
{
    comments.push_back(json::object{{"body", text}, {"user", json::object{{"id", 1}}}});
    CHECK(forge->ensure_comment(shop, 7, marker, text).error().kind == ErrorKind::unavailable);
    CHECK(host.count("POST") == 0);
}

}  // namespace ramet::forges
