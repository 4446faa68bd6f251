#include "targets/kubernetes/api_client.hpp"

#include "support/scripted_http.hpp"
#include "support/temporary.hpp"

#include <doctest/doctest.h>

namespace ramet::targets::kubernetes {

namespace {

struct House {
    SystemClock clock{};
    testing::ScriptedHttp http{};
    ClusterAccess access = [] {
        ClusterAccess made{.context = "test"};
        made.token = SecretBytes("t1");
        return made;
    }();
    Credentials credentials{access, clock};
    ApiClient client{http, credentials, {.server = "https://cluster"}};
};

std::string status(int code, std::string_view reason, std::string_view message)
{
    return to_text(json::object{{"kind", "Status"}, {"code", code}, {"reason", reason}, {"message", message}});
}

const std::string path = "/api/v1/namespaces/a/services/web";

}  // namespace

TEST_CASE("a request says who we are, an apply whose fields they are, a removal what exactly goes")
{
    House house;
    house.http.answers = {{.status = 200, .body = "{}"}, {.status = 201, .body = "{}"}, {.status = 200, .body = "{}"}};
    REQUIRE(house.client.get(path));
    REQUIRE(house.client.apply(path, json::object{{"a", 1}}));
    REQUIRE(house.client.remove(path, {.uid = "u1", .resource_version = "7"}));
    const auto& [read, applied, removed] = std::tie(house.http.asked[0], house.http.asked[1], house.http.asked[2]);
    CHECK(read.url == "https://cluster" + path);
    CHECK(read.headers.get("Authorization") == "Bearer t1");
    CHECK(applied.method == "PATCH");
    CHECK(applied.url == "https://cluster" + path + "?fieldManager=ramet&force=true");
    CHECK(applied.headers.get("Content-Type") == "application/apply-patch+yaml");
    CHECK(applied.body == R"({"a":1})");
    CHECK(get_member(*parse_json(removed.body), "preconditions") == Json{{"uid", "u1"}, {"resourceVersion", "7"}});
}

TEST_CASE(
    "a cluster that does not answer for a moment is asked again by who would rather wait, and told as it is by others")
{
    House house;
    const net::HttpResponse away{.status = 503, .body = "<html>no server</html>"};
    house.http.answers = {away, away, {.status = 200, .body = "{}"}};
    CHECK(house.client.get_patiently(path).has_value());
    CHECK(house.http.asked.size() == 3);

    house.http.answers = {away};
    CHECK(house.client.get(path).error().kind == ErrorKind::unavailable);
    house.http.answers = {{.status = 404, .body = status(404, "NotFound", "none")}};
    CHECK(has_reason(house.client.get_patiently(path).error(), "NotFound"));
    CHECK(house.http.asked.size() == 5);
}

TEST_CASE("what the cluster says of a failure decides its kind")
{
    struct Row {
        int code;
        std::string body;
        ErrorKind kind;
    };
    for (const auto& [code, body, kind] : std::initializer_list<Row>{
             {401, status(401, "Unauthorized", "who"), ErrorKind::unauthenticated},
             {403, status(403, "Forbidden", "no right"), ErrorKind::forbidden},
             {403, status(403, "Forbidden", "exceeded quota: q, requested: pods=1"), ErrorKind::refused},
             {404, status(404, "NotFound", "services \"web\" not found"), ErrorKind::not_found},
             {409, status(409, "AlreadyExists", "there is one"), ErrorKind::conflict},
             {410, status(410, "Expired", "too old"), ErrorKind::conflict},
             {422, status(422, "Invalid", "field is immutable"), ErrorKind::invalid},
             {500, status(500, "InternalError", "etcd"), ErrorKind::unavailable},
             {500, status(500, "", "failed to create typed patch object (/one; /v1, Kind=ConfigMap): .data"),
              ErrorKind::invalid},
             {504, status(504, "Timeout", "slow"), ErrorKind::unavailable},
             // Of something between us and the server, or of a kind that it does not know: nothing is absent by that.
             {404, "404 page not found\n", ErrorKind::unavailable},
             {403, "<html>portal</html>", ErrorKind::unavailable},
         }) {
        CAPTURE(body);
        House house;
        house.http.answers = {{.status = code, .body = body}};
        const auto answer = house.client.get(path + "?x=1");
        REQUIRE_FALSE(answer);
        CHECK(answer.error().kind == kind);
        CHECK(answer.error().message == fmt::format("the cluster answered {} to GET {}", code, path));
        CHECK_FALSE(answer.error().evidence.empty());
    }
}

TEST_CASE("the reason of a failure can be asked for")
{
    House house;
    house.http.answers = {{.status = 410, .body = status(410, "Expired", "too old")}};
    const auto error = house.client.get(path).error();
    CHECK(has_reason(error, "Expired"));
    CHECK_FALSE(has_reason(error, "Expire"));
    CHECK_FALSE(has_reason(error, "NotFound"));
}

TEST_CASE("a request that was put off is sent again when the server wants it")
{
    House house;
    const net::HttpResponse put_off{
        .status = 429, .headers = {{"Retry-After", "0"}}, .body = status(429, "TooManyRequests", "later")};
    house.http.answers = {put_off, put_off, {.status = 200, .body = R"({"kind":"Service"})"}};
    const auto answer = house.client.get(path);
    REQUIRE(answer);
    CHECK(house.http.asked.size() == 3);
    CHECK(house.http.asked[2].url == "https://cluster" + path);

    House late;
    late.http.answers = {
        {.status = 429, .headers = {{"Retry-After", "30"}}, .body = status(429, "TooManyRequests", "later")}};
    const auto refused = late.client.get(path);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().kind == ErrorKind::unavailable);
}

TEST_CASE("credentials that are over are renewed once, where there are others")
{
    const ramet::testing::TemporaryDirectory folder;
    const auto file = folder.path() / "token";
    REQUIRE(write_file(file, "old\n"));
    House house;
    ClusterAccess access{.context = "test"};
    access.token_file = file;
    Credentials credentials(access, house.clock);
    ApiClient client(house.http, credentials, {.server = "https://cluster"});
    const net::HttpResponse unknown{.status = 401, .body = status(401, "Unauthorized", "who")};
    house.http.answers = {{.status = 200, .body = "{}"}, unknown, {.status = 200, .body = "{}"}, unknown, unknown};
    REQUIRE(client.get(path));
    REQUIRE(write_file(file, "new\n"));
    REQUIRE(client.get(path));
    CHECK(house.http.asked[1].headers.get("Authorization") == "Bearer old");
    CHECK(house.http.asked[2].headers.get("Authorization") == "Bearer new");
    CHECK(client.get(path).error().kind == ErrorKind::unauthenticated);

    house.http.answers = {unknown};
    CHECK(house.client.get(path).error().kind ==
          ErrorKind::unauthenticated);  // A token from the file itself: there is no other.
}

TEST_CASE("a list is read to its last page; a page that fails makes all of it unknown")
{
    const auto page = [](std::string_view name, std::string_view next) {
        return net::HttpResponse{
            .status = 200,
            .body = to_text(json::object{{"metadata", json::object{{"resourceVersion", "12"}, {"continue", next}}},
                                         {"items", json::array{json::object{{"name", name}}}}})};
    };
    House house;
    house.http.answers = {page("a", "n1"), page("b", "n2"), page("c", "")};
    std::string names;
    const auto version =
        house.client.list("/api/v1/pods?labelSelector=x", [&](const Json& item) { names += get_string(item, "name"); });
    REQUIRE(version);
    CHECK(*version == "12");
    CHECK(names == "abc");
    CHECK(house.http.asked[0].url == "https://cluster/api/v1/pods?labelSelector=x&limit=500");
    CHECK(house.http.asked[2].url == "https://cluster/api/v1/pods?labelSelector=x&limit=500&continue=n2");

    house.http.answers = {page("a", "n1"), {.status = 410, .body = status(410, "Expired", "too old")}};
    const auto cut_off = house.client.list("/api/v1/pods", [](const Json&) {});
    REQUIRE_FALSE(cut_off);
    CHECK(has_reason(cut_off.error(), "Expired"));
}

TEST_CASE("a watch hands over each change, ends with the stream, and tells what the server says against it")
{
    House house;
    house.http.answers = {{.status = 200,
                           .body = R"({"type":"ADDED","object":{"n":1}})"
                                   "\n"
                                   R"({"type":"BOOKMARK","object":{"n":2}})"
                                   "\n"}};
    std::string seen;
    const ApiClient::OnEvent on_event = [&](std::string_view type, const Json& object) {
        seen += fmt::format("{} {}; ", type, get_int(object, "n"));
        return ApiClient::Continue::yes;
    };
    REQUIRE(house.client.watch("/api/v1/pods", "12", on_event, {}));
    CHECK(seen == "ADDED 1; BOOKMARK 2; ");
    CHECK(house.http.asked[0].url ==
          "https://cluster/api/v1/pods?watch=true&allowWatchBookmarks=true&resourceVersion=12");

    house.http.answers = {
        {.status = 200,
         .body = R"({"type":"ERROR","object":)" + status(410, "Expired", "too old resource version") + "}\n"}};
    const auto expired = house.client.watch("/api/v1/pods", "1", on_event, {});
    REQUIRE_FALSE(expired);
    CHECK(has_reason(expired.error(), "Expired"));

    house.http.answers = {{.status = 200, .body = "not json\n"}};
    CHECK(house.client.watch("/api/v1/pods", "1", on_event, {}).error().kind == ErrorKind::unavailable);
}

}  // namespace ramet::targets::kubernetes
