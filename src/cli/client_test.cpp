#include "cli/client.hpp"

#include <doctest/doctest.h>

#include <deque>
#include <set>

namespace ramet::cli {

namespace {

using namespace std::chrono_literals;

/// What becomes of one request.
enum class Fate : unsigned char { refused_connection, lost, timed_out, running, conflict, done };

/// Answers each request with the next fate; the last one stays.
class FatefulServer final : public net::HttpClient {
public:
    explicit FatefulServer(std::deque<Fate> fates) : fates_(std::move(fates)) {}

    Result<net::HttpResponse> send(const net::HttpRequest& request, std::stop_token) override
    {
        ++requests;
        keys.insert(std::string(request.headers.get("Idempotency-Key", "none")));
        bodies.insert(request.body);
        const auto fate = fates_.front();
        if (fates_.size() > 1) fates_.pop_front();
        switch (fate) {
        case Fate::refused_connection:
            return std::unexpected(Error{ErrorKind::unavailable, "refused", std::string(net::nothing_was_sent)});
        case Fate::lost: return fail(ErrorKind::unavailable, "the connection broke");
        case Fate::timed_out: return fail(ErrorKind::timeout, "no answer in time");
        case Fate::running: return net::HttpResponse{409, {{"Retry-After", "1"}}, problem};
        case Fate::conflict: return net::HttpResponse{409, {}, problem};
        case Fate::done: break;
        }
        return net::HttpResponse{202, {}, R"({"run":"r1"})"};
    }
    Result<net::HttpResponse> send_streaming(const net::HttpRequest& request, const net::OnChunk&,
                                             std::stop_token stop) override
    {
        return send(request, stop);
    }

    int requests = 0;
    std::set<std::string> keys;
    std::set<std::string> bodies;

private:
    static constexpr auto problem = R"({"code":"conflict","detail":"no"})";
    std::deque<Fate> fates_;
};

ApiClient client_of(FatefulServer& server)
{
    return {
        server, "http://ramet.test", SecretBytes("t"), {.first_delay = 1ms, .longest_delay = 2ms, .patience = 50ms}};
}

}  // namespace

TEST_CASE("a POST whose answer was lost is asked again with its key until there is an answer")
{
    using enum Fate;
    struct Case {
        std::string story;
        std::deque<Fate> fates;
        int requests;
        std::string want;
    };
    const Case cases[] = {
        {"answered at once", {done}, 1, "done"},
        {"lost once", {lost, done}, 2, "done"},
        {"lost, and the first is still being worked on", {lost, running, running, done}, 4, "done"},
        {"lost while the server starts again", {lost, refused_connection, refused_connection, done}, 4, "done"},
        {"no server at all", {refused_connection, done}, 1, "unavailable"},
        {"a conflict is an answer", {conflict, done}, 1, "conflict"},
        {"another's request with Retry-After is an answer", {running, done}, 1, "conflict"},
        {"the server died in it", {lost, conflict, done}, 2, "conflict"},
        {"an answer that takes too long is not asked for again", {timed_out, done}, 1, "timeout"},
    };
    for (const auto& [story, fates, requests, want] : cases) {
        CAPTURE(story);
        FatefulServer server(fates);
        const auto reply = client_of(server).post("/api/v1/previews", json::object{{"branch", "b"}});
        CHECK((reply ? "done" : to_string(reply.error().kind)) == want);
        CHECK(server.requests == requests);
        CHECK(server.keys.size() == 1);
        CHECK(server.keys.begin()->size() == 32);
        CHECK(server.bodies == std::set<std::string>{R"({"branch":"b"})"});
    }
}

TEST_CASE("a server that stays away is given up in the end, with the last error")
{
    FatefulServer server({Fate::lost, Fate::refused_connection});
    const auto reply = client_of(server).post("/api/v1/previews");
    CHECK(reply.error().kind == ErrorKind::unavailable);
    CHECK(reply.error().evidence == net::nothing_was_sent);
    CHECK(server.requests > 3);
}

TEST_CASE("each POST has a key of its own, other methods have none and are asked once")
{
    FatefulServer server({Fate::done});
    auto client = client_of(server);
    for (int i = 0; i < 3; ++i) CHECK(client.post("/x"));
    CHECK(client.call("POST", "/x", "{}"));
    CHECK(server.keys.size() == 4);
    for (const std::string_view method : {"GET", "PUT", "DELETE"}) {
        CAPTURE(method);
        FatefulServer other({Fate::lost, Fate::done});
        CHECK_FALSE(client_of(other).call(method, "/x", {}));
        CHECK(other.requests == 1);
        CHECK(other.keys == std::set<std::string>{"none"});
    }
}

TEST_CASE("a connection that is refused is told from one that breaks")
{
    const net::HttpRequest request{.method = "POST", .url = "http://127.0.0.1:1/"};
    CHECK(net::CurlClient().send(request).error().evidence == net::nothing_was_sent);
}

}  // namespace ramet::cli
