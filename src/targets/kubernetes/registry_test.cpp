#include "targets/kubernetes/registry.hpp"

#include "base/hash.hpp"
#include "support/scripted_http.hpp"

#include <doctest/doctest.h>

namespace ramet::targets::kubernetes {

namespace {

struct House {
    testing::ScriptedHttp http{};
    Registry registry{http};

    Result<std::optional<std::string>> ask(std::string_view text, RegistryLogin login = {})
    {
        const auto reference = parse_image_reference(text);
        REQUIRE(reference);
        return registry.find_digest({*reference, std::move(login)});
    }
};

net::HttpResponse answer(int status, std::string body = {}, net::Headers headers = {})
{
    return {.status = status, .headers = std::move(headers), .body = std::move(body)};
}

net::HttpResponse challenge(std::string_view words)
{
    net::Headers headers;
    headers.add("www-authenticate", words);
    return answer(401, "{}", headers);
}

constexpr std::string_view token_service =
    R"(Bearer realm="https://auth.example.com/token",service="registry, the",scope="repository:shop/web:pull")";

}  // namespace

TEST_CASE("the digest is that of what the registry gives")
{
    House house;
    house.http.answers = {answer(200, "a manifest")};
    const auto digest = house.ask("registry.example.com/shop/web:1.2");
    REQUIRE(digest);
    CHECK(**digest == "sha256:" + sha256_hex("a manifest"));
    CHECK(house.http.asked[0].url == "https://registry.example.com/v2/shop/web/manifests/1.2");
    CHECK(house.http.asked[0].headers.get("Accept").contains("application/vnd.oci.image.index.v1+json"));
}

TEST_CASE("a registry of this machine is asked without TLS, Docker's under its other name")
{
    const std::pair<std::string_view, std::string_view> rows[] = {
        {"127.0.0.1:5000/web:1", "http://127.0.0.1:5000/v2/web/manifests/1"},
        {"localhost:5000/web:1", "http://localhost:5000/v2/web/manifests/1"},
        {"redis", "https://registry-1.docker.io/v2/library/redis/manifests/latest"},
        {"127.example.com/web:1", "https://127.example.com/v2/web/manifests/1"},
    };
    for (const auto& [text, url] : rows) {
        House house;
        house.http.answers = {answer(404)};
        CHECK(house.ask(text));
        CHECK(house.http.asked[0].url == url);
    }
}

TEST_CASE("what has a digest is not asked for, and what is not there yet is no error")
{
    House house;
    const auto digest = "sha256:" + std::string(64, 'b');
    CHECK(**house.ask("registry.example.com/web@" + digest) == digest);
    CHECK(house.http.asked.empty());
    house.http.answers = {answer(404, R"({"errors":[{"code":"MANIFEST_UNKNOWN"}]})")};
    const auto absent = house.ask("registry.example.com/web:1");
    REQUIRE(absent);
    CHECK_FALSE(absent->has_value());
}

TEST_CASE("a token is fetched where the registry wants one")
{
    House house;
    house.http.answers = {challenge(token_service), answer(200, R"({"token":"t1"})"), answer(200, "m")};
    REQUIRE(house.ask("registry.example.com/shop/web:1"));
    CHECK(house.http.asked[1].url ==
          "https://auth.example.com/token?scope=repository%3Ashop%2Fweb%3Apull&service=registry%2C%20the");
    CHECK(house.http.asked[2].headers.get("Authorization") == "Bearer t1");
}

TEST_CASE("who has a login signs in as the registry wants it")
{
    const auto basic = "Basic " + to_base64("ada:pw");
    House house;
    house.http.answers = {challenge(R"(Basic realm="x")"), answer(200, "m")};
    REQUIRE(house.ask("registry.example.com/shop/web:1", {"ada", "pw"}));
    // Not before it is asked for: what everybody may pull needs no password.
    CHECK(house.http.asked[0].headers.get("Authorization").empty());
    CHECK(house.http.asked[1].headers.get("Authorization") == basic);

    house.http.asked.clear();
    house.http.answers = {challenge(token_service), answer(200, R"({"token":"t1"})"), answer(200, "m")};
    REQUIRE(house.ask("registry.example.com/shop/web:1", {"ada", "pw"}));
    CHECK(house.http.asked[1].headers.get("Authorization") == basic);
    CHECK(house.http.asked[2].headers.get("Authorization") == "Bearer t1");
}

TEST_CASE("a wrong login is told with whose it is, and a password goes nowhere in the clear")
{
    House house;
    house.http.answers = {challenge(R"(Basic realm="x")"), answer(401, "no")};
    const auto wrong = house.ask("registry.example.com/shop/web:1", {"ada", "hidden"});
    REQUIRE_FALSE(wrong);
    CHECK(wrong.error().kind == ErrorKind::forbidden);
    CHECK(wrong.error().message.contains("does not let ada pull shop/web"));
    CHECK_FALSE(wrong.error().message.contains("hidden"));

    house.http.answers = {challenge(R"(Bearer realm="http://auth.example.com/token")")};
    const auto refused = house.ask("registry.example.com/shop/web:1", {"ada", "hidden"});
    REQUIRE_FALSE(refused);
    CHECK(refused.error().kind == ErrorKind::refused);
    CHECK(refused.error().message.contains("http://auth.example.com/token"));
    CHECK(house.http.asked.size() == 3);
}

TEST_CASE("what not everybody may pull is told so, with what the registry says")
{
    const std::vector<std::deque<net::HttpResponse>> scripts{
        {challenge(R"(Basic realm="x")")},
        {challenge(token_service), answer(401, "no")},
        {challenge(token_service), answer(200, "{}")},
        {challenge(token_service), answer(200, R"({"access_token":"t"})"), answer(401, "denied")},
        {challenge(token_service), answer(200, R"({"token":"t"})"), answer(403, "denied")},
    };
    for (const auto& script : scripts) {
        House house;
        house.http.answers = script;
        const auto refused = house.ask("registry.example.com/shop/web:1");
        REQUIRE_FALSE(refused);
        CHECK(refused.error().kind == ErrorKind::forbidden);
        CHECK(refused.error().message.contains("registry.example.com"));
        CHECK(refused.error().message.contains("shop/web"));
        CHECK(house.http.answers.empty());
    }
}

TEST_CASE("a registry that is in trouble is asked again, one that makes no sense is not")
{
    const std::pair<int, ErrorKind> rows[] = {{500, ErrorKind::unavailable},
                                              {503, ErrorKind::unavailable},
                                              {429, ErrorKind::unavailable},
                                              {418, ErrorKind::invalid}};
    House busy;
    busy.http.answers = {challenge(token_service), answer(503)};
    CHECK(busy.ask("registry.example.com/web:1").error().kind == ErrorKind::unavailable);
    for (const auto& [status, kind] : rows) {
        House house;
        house.http.answers = {answer(status)};
        const auto failed = house.ask("registry.example.com/web:1");
        REQUIRE_FALSE(failed);
        CHECK(failed.error().kind == kind);
        CHECK(failed.error().message.contains(std::to_string(status)));
    }
}

TEST_CASE("a challenge is read as it may be written")
{
    const auto read = parse_bearer_challenge(R"(bearer realm="a,b=c" , Service=plain,scope="s")");
    REQUIRE(read);
    CHECK(read->at("realm") == "a,b=c");
    CHECK(read->at("service") == "plain");
    CHECK(read->at("scope") == "s");
    CHECK_FALSE(parse_bearer_challenge("Basic realm=x"));
    CHECK_FALSE(parse_bearer_challenge(""));
    for (const std::string_view broken : {"Bearer ", "Bearer realm", "Bearer realm=\"", "Bearer ,,,", "Bearer ="})
        CHECK(parse_bearer_challenge(broken).has_value());
}

}  // namespace ramet::targets::kubernetes
