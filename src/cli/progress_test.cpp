// Waiting for runs and environments, against a server that says what the test wants.
#include "cli/progress.hpp"

#include "cli/test_commands.hpp"
#include "net/http_server.hpp"
#include "support/temporary.hpp"

#include <doctest/doctest.h>

#include <csignal>
#include <cstdlib>
#include <mutex>
#include <thread>

namespace ramet::cli {

using namespace testing;

namespace {

/// Answers each path with the next of its replies; the last one stays.
class ScriptedServer {
public:
    explicit ScriptedServer(std::uint16_t port = 0) { start(port); }
    ~ScriptedServer()
    {
        ::unsetenv("RAMET_URL");
        ::unsetenv("RAMET_TOKEN");
    }

    void say(const std::string& call, int status, const Json& body)
    {
        replies_[call].push_back({status, {}, to_text(body)});
    }

    void start(std::uint16_t port)
    {
        auto server =
            net::HttpServer::start({.listen = {.port = port}, .workers = 2}, [this](const net::Request& request,
                                                                                    const net::Responder& responder) {
                const std::scoped_lock lock(mutex_);
                const auto call = request.method + " " + request.path.substr(0, request.path.find('?'));
                ++count_;
                auto& list = replies_[call];
                if (list.empty())
                    return responder.send({.status = 404, .body = R"({"code":"not_found","detail":"nothing here"})"});
                responder.send(list.front());
                if (list.size() > 1) list.erase(list.begin());
            });
        REQUIRE(server);
        server_ = std::move(*server);
        ::setenv("RAMET_URL", fmt::format("http://127.0.0.1:{}", server_->port()).c_str(), 1);
        ::setenv("RAMET_TOKEN", "t", 1);
    }
    std::uint16_t stop()
    {
        const auto port = server_->port();
        server_.reset();
        return port;
    }
    int count() const
    {
        const std::scoped_lock lock(mutex_);
        return count_;
    }

private:
    mutable std::mutex mutex_;
    std::map<std::string, std::vector<net::Response>> replies_;
    int count_ = 0;
    std::unique_ptr<net::HttpServer> server_;
};

json::object step(std::string_view path, std::string_view state, Json error = nullptr)
{
    return {{"path", path}, {"action", "create"}, {"state", state}, {"error", std::move(error)}};
}

json::object run_json(std::string_view state, json::array steps, Json error = nullptr)
{
    return {{"id", "r1"},
            {"state", state},
            {"is_final", state != "running"},
            {"steps", std::move(steps)},
            {"error", std::move(error)}};
}

json::object environment_json(std::string_view state, std::string_view reason = "")
{
    return {{"name", "pr-1"}, {"project", "shop"}, {"state", state}, {"reason", reason}, {"run", "r1"}};
}

json::object error_json(std::string_view kind)
{
    return {{"kind", kind},
            {"message", "web did not become healthy"},
            {"evidence", "line 19\nline 20"},
            {"next_step", "ramet logs pr-1 web"}};
}

const std::string run_call = "GET /api/v1/runs/r1";
const std::string environment_call = "GET /api/v1/environments/pr-1";

std::size_t count_of(std::string_view text, std::string_view part)
{
    std::size_t count = 0;
    for (auto at = text.find(part); at != std::string_view::npos; at = text.find(part, at + 1)) ++count;
    return count;
}

}  // namespace

TEST_CASE_FIXTURE(ScriptedServer, "a run is followed to its end, each change of a step told once, on standard error")
{
    say(run_call, 200, run_json("running", {step("web/process", "pending")}));
    for (int i = 0; i < 3; ++i) say(run_call, 200, run_json("running", {step("web/process", "in_flight")}));
    say(run_call, 200, run_json("succeeded", {step("web/process", "done")}));
    const auto outcome = run({"run", "wait", "r1"});
    CHECK(outcome.code == 0);
    CHECK(outcome.output.empty());
    CHECK(outcome.errors == "  …        create   web/process\n  done     create   web/process\n");
    CHECK(run({"run", "wait", "r1", "--quiet"}).errors.empty());
}

TEST_CASE_FIXTURE(ScriptedServer, "a failed run ends with its error's code and shows evidence and the next step")
{
    struct Case {
        std::string kind;
        int want;
    };
    for (const auto& [kind, want] :
         {Case{"unavailable", 1}, {"invalid", 2}, {"refused", 5}, {"integrity", 6}, {"timeout", 7}, {"internal", 1}}) {
        CAPTURE(kind);
        ScriptedServer server;
        server.say(run_call, 200,
                   run_json("failed", {step("web/process", "failed", error_json(kind))}, error_json(kind)));
        const auto outcome = run({"run", "wait", "r1"});
        CHECK(outcome.code == want);
        for (const std::string_view part : {"web did not become healthy", "line 20", "next: ramet logs pr-1 web"})
            CHECK(outcome.errors.contains(part));
    }
}

TEST_CASE_FIXTURE(ScriptedServer, "a preview that is made by hand is followed until it is settled, and shown")
{
    struct Case {
        std::string state;
        int want;
    };
    for (const auto& [state, want] :
         {Case{"ready", 0}, {"degraded", 8}, {"failed", 1}, {"needs_human", 1}, {"awaiting_approval", 1}}) {
        CAPTURE(state);
        ScriptedServer server;
        server.say("POST /api/v1/previews", 202, environment_json("creating"));
        server.say(environment_call, 200, environment_json("queued", "2 previews before it"));
        server.say(environment_call, 200, environment_json("creating"));
        server.say(environment_call, 200, environment_json(state));
        server.say(
            run_call, 200,
            run_json("running", {step("web/process", "done")}, want == 1 ? Json(error_json("unavailable")) : Json()));
        server.say("GET /api/v1/previews/pr-1", 200, environment_json(state));
        const auto outcome = run({"preview", "create", "--branch", "b"});
        CHECK(outcome.code == want);
        CHECK(outcome.errors.starts_with("pr-1 queued: 2 previews before it\n"));
        CHECK(outcome.errors.contains("pr-1 " + state));
        CHECK(count_of(outcome.errors, "web/process") == 1);
        CHECK(outcome.errors.contains("line 20") == (want == 1));
        CHECK(outcome.output.starts_with("name"));
        CHECK(outcome.output.contains(state));
    }
}

TEST_CASE_FIXTURE(ScriptedServer, "--no-wait prints what was started and asks no more")
{
    say("POST /api/v1/previews", 202, environment_json("creating"));
    const auto outcome = run({"preview", "create", "--branch", "b", "--no-wait", "-o", "json"});
    CHECK(outcome.code == 0);
    CHECK(get_string(*parse_json(outcome.output), "state") == "creating");
    CHECK(count() == 1);
    say("DELETE /api/v1/previews/pr-1", 202, json::object{{"run", "r1"}});
    CHECK(run({"preview", "delete", "pr-1", "--no-wait", "-o", "json"}).output == "{\"run\":\"r1\"}\n");
    CHECK(count() == 2);
}

TEST_CASE_FIXTURE(ScriptedServer, "a removal is followed until the preview is gone, or its run has failed")
{
    say("DELETE /api/v1/previews/pr-1", 202, json::object{{"run", "r1"}});
    say(environment_call, 200, environment_json("deleting"));
    say(environment_call, 404, json::object{{"code", "not_found"}, {"detail", "no such environment"}});
    say(run_call, 200, run_json("running", {}));
    CHECK(run({"preview", "delete", "pr-1"}).code == 0);

    ScriptedServer stuck;
    stuck.say("DELETE /api/v1/previews/pr-1", 202, json::object{{"run", "r1"}});
    stuck.say(environment_call, 200, environment_json("degraded"));
    stuck.say(run_call, 200, run_json("failed", {}, error_json("unavailable")));
    const auto outcome = run({"preview", "delete", "pr-1"});
    CHECK(outcome.code == 1);
    CHECK(outcome.errors.contains("line 20"));
}

TEST_CASE_FIXTURE(ScriptedServer, "a server that is restarted meanwhile is waited for")
{
    say(run_call, 200, run_json("running", {}));
    std::jthread restart([this] {
        CHECK(ramet::testing::wait_until([&] { return count() > 1; }));
        const auto port = stop();
        say(run_call, 200, run_json("succeeded", {}));
        start(port);
    });
    const auto outcome = run({"run", "wait", "r1"});
    CHECK(outcome.code == 0);
}

TEST_CASE_FIXTURE(ScriptedServer, "Ctrl-C detaches and says how to come back")
{
    say(run_call, 200, run_json("running", {}));
    std::jthread interrupt([this] {
        CHECK(ramet::testing::wait_until([&] { return count() > 1; }));
        ::kill(::getpid(), SIGINT);
    });
    const auto outcome = run({"run", "wait", "r1"});
    CHECK(outcome.code == 130);
    CHECK(outcome.errors.contains("the work goes on. Come back with: ramet run wait r1"));
}

TEST_CASE_FIXTURE(ScriptedServer,
                  "the server's refusal is told with its evidence and next step, and its kind is the exit code")
{
    struct Case {
        int status;
        std::string code;
        int want;
    };
    const Case cases[] = {{422, "invalid", 2},         {404, "not_found", 3}, {401, "unauthenticated", 4},
                          {403, "forbidden", 4},       {409, "conflict", 5},  {409, "refused", 5},
                          {500, "integrity_error", 6}, {504, "timeout", 7},   {503, "unavailable", 1},
                          {500, "internal", 1}};
    for (const auto& [status, code, want] : cases) {
        CAPTURE(code);
        ScriptedServer server;
        server.say("GET /api/v1/previews", status,
                   json::object{{"code", code},
                                {"detail", "it failed"},
                                {"evidence", "because"},
                                {"next_step", "try this"},
                                {"errors", json::array{json::object{{"pointer", "/name"}}}}});
        const auto outcome = run({"preview", "list"});
        CHECK(outcome.code == want);
        CHECK(outcome.errors == "error: /name: it failed\nbecause\nnext: try this\n");
        CHECK(outcome.output.empty());
    }
}

TEST_CASE_FIXTURE(ScriptedServer, "what is no Ramet server is told apart")
{
    say("GET /api/v1/previews", 502, "<html>");
    CHECK(run({"preview", "list"}).errors.contains("is RAMET_URL the address of a Ramet server?"));
    ScriptedServer page;
    page.say("GET /api/v1/previews", 404, "not found");
    CHECK(run({"preview", "list"}).code == 1);
}

}  // namespace ramet::cli
