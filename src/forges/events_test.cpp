// parse_event: signatures, the kinds of events, and payloads with something missing.
#include "base/hash.hpp"
#include "forges/test_host.hpp"

namespace ramet::forges {

using namespace testing;

namespace {

const std::string secret = "a shared secret";

struct Fixture {
    ScriptedHost host{[](const net::HttpRequest&) { return fail(ErrorKind::internal, "parsing asks nobody"); }};
    std::unique_ptr<RestForge> gitea = make_forge("gitea", host);
    std::unique_ptr<RestForge> github = make_forge("github", host);
};

Delivery gitea_delivery(const std::string& event, std::string body)
{
    return {
        {{"x-gitea-event", event}, {"x-gitea-delivery", "d-1"}, {"x-gitea-signature", hmac_sha256_hex(secret, body)}},
        body};
}

Delivery github_delivery(const std::string& event, std::string body)
{
    return {{{"x-github-event", event},
             {"x-github-delivery", "d-2"},
             {"x-hub-signature-256", "sha256=" + hmac_sha256_hex(secret, body)}},
            body};
}

/// "pull 7", "branch main", "comment 7 by bob: /stop", "none".
std::string describe(const Hint& hint)
{
    if (const auto* pull = std::get_if<PullRequestHint>(&hint))
        return fmt::format("pull {} of {}{}", pull->number, pull->repository.str(),
                           pull->new_head.empty() ? "" : ", commits");
    if (const auto* branch = std::get_if<BranchHint>(&hint))
        return fmt::format("branch {} of {}", branch->branch, branch->repository.str());
    if (const auto* comment = std::get_if<CommentHint>(&hint))
        return fmt::format("comment on {} of {} by {}: {}", comment->number, comment->repository.str(), comment->author,
                           comment->body);
    return "none";
}

std::string describe(const Result<Hint>& hint)
{
    if (hint) return describe(*hint);
    return fmt::format("{} {}", to_string(hint.error().kind), hint.error().where);
}

json::object event_json(std::string_view action)
{
    return {{"action", action},
            {"number", 7},
            {"repository", json::object{{"full_name", "acme/shop"}}},
            {"pull_request", pull_request_json()}};
}

json::object comment_json(std::string_view action)
{
    auto event = event_json(action);
    event.erase("number");
    event["is_pull"] = true;
    event["issue"] = json::object{{"number", 7}, {"pull_request", json::object{{"html_url", "…"}}}};
    event["comment"] = json::object{{"body", "/stop"}, {"user", json::object{{"login", "bob"}}}};
    return event;
}

std::string text(const json::object& object)
{
    return to_text(object);
}

}  // namespace

TEST_CASE_FIXTURE(Fixture, "each of Gitea's kinds of pull request events becomes the hint that it deserves")
{
    // X-Gitea-Event-Type, and X-Gitea-Event as modules/webhook/type.go of 1.26 maps it.
    struct Case {
        std::string type, event, action, want;
    };
    const Case cases[] = {
        {"pull_request", "pull_request", "opened", "pull 7 of acme/shop, commits"},
        {"pull_request", "pull_request", "closed", "pull 7 of acme/shop"},
        {"pull_request", "pull_request", "reopened", "pull 7 of acme/shop, commits"},
        {"pull_request", "pull_request", "edited", "pull 7 of acme/shop"},
        {"pull_request_assign", "pull_request", "assigned", "pull 7 of acme/shop"},
        {"pull_request_label", "pull_request", "label_updated", "pull 7 of acme/shop"},
        {"pull_request_milestone", "pull_request", "milestoned", "pull 7 of acme/shop"},
        {"pull_request_sync", "pull_request", "synchronized", "pull 7 of acme/shop, commits"},
        {"pull_request_review_request", "pull_request", "review_requested", "pull 7 of acme/shop"},
        {"pull_request_review_approved", "pull_request_approved", "reviewed", "none"},
        {"pull_request_review_rejected", "pull_request_rejected", "reviewed", "none"},
        {"pull_request_review_comment", "pull_request_comment", "reviewed", "none"},
    };
    for (const auto& [type, event, action, want] : cases) {
        CAPTURE(type);
        CAPTURE(action);
        auto delivery = gitea_delivery(event, text(event_json(action)));
        delivery.headers["x-gitea-event-type"] = type;
        CHECK(describe(gitea->parse_event(delivery, secret)) == want);
    }
    CHECK(describe(gitea->parse_event(gitea_delivery("issue_comment", text(comment_json("created"))), secret)) ==
          "comment on 7 of acme/shop by bob: /stop");
}

TEST_CASE_FIXTURE(Fixture, "each of GitHub's actions on a pull request is a hint, whatever it is called")
{
    for (const std::string action : {"opened", "synchronize", "closed", "reopened", "edited", "labeled", "unlabeled",
                                     "ready_for_review", "converted_to_draft", "an action of the year 2030"}) {
        CAPTURE(action);
        const bool is_new = action == "opened" || action == "synchronize" || action == "reopened";
        const std::string want = is_new ? "pull 7 of acme/shop, commits" : "pull 7 of acme/shop";
        auto event = event_json(action);
        CHECK(describe(github->parse_event(github_delivery("pull_request", text(event)), secret)) == want);
        // Of a fork nothing is fetched before it was decided about.
        event["pull_request"].at("head").at("repo").as_object()["full_name"] = "mallory/shop";
        CHECK(describe(github->parse_event(github_delivery("pull_request", text(event)), secret)) ==
              "pull 7 of acme/shop");
    }
}

TEST_CASE_FIXTURE(Fixture, "pushes, comments and other events become hints or none")
{
    struct Case {
        std::string_view story, event;
        json::object payload;
        std::string want;
    };
    const json::object repository{{"full_name", "acme/shop"}};
    auto on_an_issue = comment_json("created");
    on_an_issue["is_pull"] = false;
    on_an_issue["issue"] = json::object{{"number", 7}};
    auto by_a_ghost = comment_json("created");
    by_a_ghost["comment"] = json::object{{"body", "/stop"}, {"user", nullptr}};
    const Case cases[] = {
        {"a push to a branch",
         "push",
         {{"ref", "refs/heads/feature/x"}, {"repository", repository}},
         "branch feature/x of acme/shop"},
        {"a push of a tag", "push", {{"ref", "refs/tags/v1"}, {"repository", repository}}, "none"},
        {"a new comment", "issue_comment", comment_json("created"), "comment on 7 of acme/shop by bob: /stop"},
        {"an edited comment gives its command no second time", "issue_comment", comment_json("edited"), "none"},
        {"a deleted comment", "issue_comment", comment_json("deleted"), "none"},
        {"a comment on an issue", "issue_comment", on_an_issue, "none"},
        {"a comment by an account that is gone", "issue_comment", by_a_ghost, "none"},
        {"a ping has no repository and needs none", "ping", {{"zen", "…"}}, "none"},
        {"an event that nobody knows", "star", {{"action", "created"}}, "none"},
        {"no event at all", "", {}, "none"},
    };
    for (const auto& [story, event, payload, want] : cases) {
        CAPTURE(story);
        CHECK(describe(gitea->parse_event(gitea_delivery(std::string(event), text(payload)), secret)) == want);
        CHECK(describe(github->parse_event(github_delivery(std::string(event), text(payload)), secret)) == want);
    }
}

TEST_CASE_FIXTURE(Fixture, "a payload with something missing is invalid and says what")
{
    struct Case {
        std::string_view story, event;
        std::string body, want;
    };
    const auto without = [](json::object object, std::string_view key) {
        object.erase(key);
        return text(object);
    };
    auto no_body = comment_json("created");
    no_body["comment"] = json::object{{"user", json::object{{"login", "bob"}}}};
    auto no_number = event_json("opened");
    no_number.erase("number");
    no_number["pull_request"] = json::object{};
    auto number_as_text = event_json("opened");
    number_as_text["number"] = "7";
    number_as_text.erase("pull_request");
    auto odd_name = event_json("opened");
    odd_name["repository"] = json::object{{"full_name", "no-slash"}};
    const Case cases[] = {
        {"no repository", "pull_request", without(event_json("opened"), "repository"), "invalid /repository/full_name"},
        {"a name without an owner", "pull_request", text(odd_name), "invalid /repository/full_name"},
        {"no number anywhere", "pull_request", text(no_number), "invalid /number"},
        {"a number as text", "pull_request", text(number_as_text), "invalid /number"},
        {"a push without a ref", "push", R"({"repository":{"full_name":"acme/shop"}})", "invalid /ref"},
        {"a comment without its issue", "issue_comment", without(comment_json("created"), "issue"), "invalid /issue"},
        {"a comment without an action", "issue_comment", without(comment_json("created"), "action"), "invalid /action"},
        {"a comment without a body", "issue_comment", text(no_body), "invalid /comment/body"},
        {"a list", "pull_request", "[]", "invalid "},
        {"a number", "pull_request", "7", "invalid "},
    };
    for (const auto& [story, event, body, want] : cases) {
        CAPTURE(story);
        CHECK(describe(gitea->parse_event(gitea_delivery(std::string(event), body), secret)) == want);
        CHECK(describe(github->parse_event(github_delivery(std::string(event), body), secret)) == want);
    }
    for (const std::string body : {"", "{", "<html>", "payload=%7B%7D"}) {
        CAPTURE(body);
        const auto hint = gitea->parse_event(gitea_delivery("pull_request", body), secret);
        REQUIRE_FALSE(hint);
        CHECK(hint.error().kind == ErrorKind::invalid);
    }
    const auto deep = std::string(65, '[') + std::string(65, ']');
    CHECK(gitea->parse_event(gitea_delivery("pull_request", deep), secret).error().kind == ErrorKind::invalid);
}

TEST_CASE_FIXTURE(Fixture, "a delivery whose signature is not exactly right is unauthenticated before its body is read")
{
    const auto good = hmac_sha256_hex(secret, "not json");
    struct Case {
        std::string_view story;
        std::string signature;
    };
    const Case cases[] = {
        {"missing", ""},
        {"of another secret", hmac_sha256_hex("another", "not json")},
        {"of another body", hmac_sha256_hex(secret, "not json ")},
        {"truncated", good.substr(0, 63)},
        {"the first byte only", good.substr(0, 2)},
        {"with more behind it", good + "0"},
        {"in upper case", "F" + std::string(63, 'F')},
        {"not hexadecimal", "sha256"},
    };
    for (const auto& [story, signature] : cases) {
        CAPTURE(story);
        auto from_gitea = gitea_delivery("pull_request", "not json");
        from_gitea.headers["x-gitea-signature"] = signature;
        CHECK(describe(gitea->parse_event(from_gitea, secret)) == "unauthenticated ");
        auto from_github = github_delivery("pull_request", "not json");
        from_github.headers["x-hub-signature-256"] = signature.empty() ? "" : "sha256=" + signature;
        CHECK(describe(github->parse_event(from_github, secret)) == "unauthenticated ");
    }
    auto bare = github_delivery("pull_request", "not json");
    bare.headers["x-hub-signature-256"] = good;
    CHECK_MESSAGE(describe(github->parse_event(bare, secret)) == "unauthenticated ", "GitHub's carries its algorithm");
    auto sha1 = github_delivery("pull_request", "not json");
    sha1.headers.erase("x-hub-signature-256");
    sha1.headers["x-hub-signature"] = "sha1=" + good.substr(0, 40);
    CHECK_MESSAGE(describe(github->parse_event(sha1, secret)) == "unauthenticated ",
                  "the old header counts for nothing");
}

TEST_CASE_FIXTURE(Fixture, "without a secret nothing is authentic")
{
    auto delivery = gitea_delivery("pull_request", "{}");
    delivery.headers["x-gitea-signature"] = hmac_sha256_hex("", "{}");
    CHECK(describe(gitea->parse_event(delivery, "")) == "unauthenticated ");
}

TEST_CASE_FIXTURE(Fixture, "a delivery's id is the header that the forge repeats when it delivers again")
{
    CHECK(gitea->delivery_id(gitea_delivery("push", "{}")) == "d-1");
    CHECK(github->delivery_id(github_delivery("push", "{}")) == "d-2");
    CHECK(gitea->delivery_id({}).empty());
}

}  // namespace ramet::forges
