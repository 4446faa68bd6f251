// open, env clone, vars import and support-bundle, against a server that notes what it was asked.
#include "base/file.hpp"
#include "base/subprocess.hpp"
#include "cli/test_commands.hpp"
#include "net/http_server.hpp"
#include "support/temporary.hpp"

#include <doctest/doctest.h>

#include <cstdlib>
#include <mutex>

namespace ramet::cli {

using namespace testing;

namespace {

class NotingServer {
public:
    NotingServer()
    {
        auto server = net::HttpServer::start(
            {.workers = 2}, [this](const net::Request& request, const net::Responder& responder) {
                const std::scoped_lock lock(mutex_);
                const auto call = request.method + " " + request.path.substr(0, request.path.find('?'));
                calls_.push_back(call + (request.body.empty() ? "" : " " + request.body));
                const auto found = replies.find(call);
                if (found == replies.end())
                    return responder.send({.status = 404, .body = R"({"code":"not_found","detail":"nothing here"})"});
                responder.send(found->second);
            });
        REQUIRE(server);
        server_ = std::move(*server);
        ::setenv("RAMET_URL", fmt::format("http://127.0.0.1:{}", server_->port()).c_str(), 1);
        ::setenv("RAMET_TOKEN", "t", 1);
    }
    ~NotingServer()
    {
        ::unsetenv("RAMET_URL");
        ::unsetenv("RAMET_TOKEN");
    }
    std::vector<std::string> calls() const
    {
        const std::scoped_lock lock(mutex_);
        return calls_;
    }

    std::map<std::string, net::Response> replies;  ///< "GET /path" → answer; set before the first call

private:
    mutable std::mutex mutex_;
    std::vector<std::string> calls_;
    std::unique_ptr<net::HttpServer> server_;
};

}  // namespace

TEST_CASE("open prints the URL of the one public service, or of the named one")
{
    struct Case {
        std::string story, urls;
        std::vector<std::string> words;
        int code;
        std::string output, errors;
    };
    const std::string two = R"({"api":"http://api","web":"http://web"})";
    const Case cases[] = {
        {"one", R"({"web":"http://web"})", {}, 0, "http://web\n", ""},
        {"one, named", R"({"web":"http://web"})", {"web"}, 0, "http://web\n", ""},
        {"the named of two", two, {"api"}, 0, "http://api\n", ""},
        {"as JSON", two, {"api", "-o", "json"}, 0, "{\"url\":\"http://api\"}\n", ""},
        {"two, none named", two, {}, 2, "", "next: ramet open pr-1 SERVICE"},
        {"an unknown one", two, {"db"}, 3, "", "no public service db"},
        {"none at all", "{}", {}, 3, "", "next: ramet why pr-1"},
    };
    for (const auto& [story, urls, words, code, output, errors] : cases) {
        CAPTURE(story);
        NotingServer server;
        server.replies["GET /api/v1/environments/pr-1"] = {.body = R"({"name":"pr-1","state":"ready","urls":)" + urls +
                                                                   "}"};
        std::vector<std::string> line{"open", "pr-1"};
        line.insert(line.end(), words.begin(), words.end());
        const auto outcome = run(line);
        CHECK(outcome.code == code);
        CHECK(outcome.output == output);
        CHECK(outcome.errors.contains(errors));
    }
}

TEST_CASE("env clone makes a preview of the commit that the base runs")
{
    NotingServer server;
    server.replies["GET /api/v1/environments/staging"] = {
        .body = R"({"name":"staging","project":"shop","commit":"abc","branch":"main"})"};
    server.replies["POST /api/v1/previews"] = {.status = 202, .body = R"({"name":"mine","project":"shop","run":"r1"})"};
    const auto outcome = run({"env", "clone", "staging", "mine", "--no-wait"});
    CHECK(outcome.code == 0);
    CHECK(outcome.output.contains("r1"));
    CHECK(server.calls().back() ==
          R"(POST /api/v1/previews {"project":"shop","base":"staging","commit":"abc","branch":"","name":"mine"})");
}

TEST_CASE("a snapshot is of the only PostgreSQL database, and is shown when it is there")
{
    const std::string path = "/api/v1/environments/pr-1/databases";
    const std::string shown = R"({"snapshots":[{"name":"one","database":"db","method":"reflink"}]})";
    struct Case {
        std::string story, databases;
        std::vector<std::string> words;
        int code;
        std::string output, last_call;
    };
    const std::string both = R"([{"name":"cache","type":"redis"},{"name":"db","type":"postgres"}])";
    const std::string two = R"([{"name":"a","type":"postgres"},{"name":"b","type":"postgres"}])";
    const Case cases[] = {
        {"made",
         both,
         {"db", "snapshot", "pr-1", "--name", "one", "--no-wait"},
         0,
         "r1",
         "POST " + path + R"(/db/snapshots {"name":"one"})"},
        {"listed", both, {"db", "snapshots", "pr-1", "-o", "name"}, 0, "one\n", "GET " + path + "/db/snapshots"},
        {"of two", two, {"db", "snapshots", "pr-1"}, 2, "", "GET " + path},
        {"of none", "[]", {"db", "snapshot", "pr-1"}, 3, "", "GET " + path},
        {"put back",
         both,
         {"db", "restore", "pr-1", "db", "one", "--yes", "--no-wait"},
         0,
         "r2",
         "POST " + path + "/db/snapshots/one/restore"},
        {"put back unasked", both, {"db", "restore", "pr-1", "db", "one", "--no-input"}, 2, "", ""},
        {"deleted",
         both,
         {"db", "snapshot-delete", "pr-1", "db", "one", "--yes", "--no-wait"},
         0,
         "r3",
         "DELETE " + path + "/db/snapshots/one"},
    };
    for (const auto& [story, databases, words, code, output, last_call] : cases) {
        CAPTURE(story);
        NotingServer server;
        server.replies["GET " + path] = {.body = R"({"databases":)" + databases + "}"};
        server.replies["GET " + path + "/db/snapshots"] = {.body = shown};
        server.replies["POST " + path + "/db/snapshots"] = {.status = 202,
                                                            .body = R"({"run":"r1","name":"one","method":"reflink"})"};
        server.replies["POST " + path + "/db/snapshots/one/restore"] = {.status = 202, .body = R"({"run":"r2"})"};
        server.replies["DELETE " + path + "/db/snapshots/one"] = {.status = 202, .body = R"({"run":"r3"})"};
        const auto outcome = run(words);
        CHECK(outcome.code == code);
        CHECK(outcome.output.contains(output));
        CHECK((server.calls().empty() ? "" : server.calls().back()) == last_call);
    }
}

TEST_CASE("vars import looks first, seals what is secret, then sets all at once")
{
    NotingServer server;
    server.replies["POST /api/v1/variables"] = {.body = R"({"set":2})"};
    server.replies["PUT /api/v1/secrets/DB_PASSWORD"] = {.body = "{}"};
    server.replies["PUT /api/v1/secrets/CODE"] = {.body = "{}"};
    const ramet::testing::TemporaryDirectory directory;
    const auto file =
        directory.write(".env", "LEVEL=debug\nDB_PASSWORD=hunter2\nCODE=hunter3\nTOKEN_TTL=3 ${x}\n").string();
    const auto outcome =
        run({"vars", "import", file, "--env", "staging", "--secret", "CODE", "--plain", "TOKEN_TTL", "-o", "json"});
    CHECK(outcome.errors == "set; environments take it with their next deployment\n");
    CHECK(outcome.code == 0);
    const std::string values =
        R"("values":{"LEVEL":"debug","TOKEN_TTL":"3 $${x}","DB_PASSWORD":{"secret":"DB_PASSWORD"},"CODE":{"secret":"CODE"}})";
    CHECK(server.calls() == std::vector<std::string>{"POST /api/v1/variables {" + values + R"(,"dry_run":true})",
                                                     "PUT /api/v1/secrets/DB_PASSWORD hunter2",
                                                     "PUT /api/v1/secrets/CODE hunter3",
                                                     "POST /api/v1/variables {" + values + "}"});
    CHECK_FALSE((outcome.output + outcome.errors).contains("hunter"));
}

TEST_CASE("vars import changes nothing when a name is refused or the file is wrong")
{
    struct Case {
        std::string story, text;
        std::vector<std::string> words;
        int code;
        std::string errors;
        std::size_t calls;
    };
    const Case cases[] = {
        {"a refused name", "LD_PRELOAD=x\nDB_PASSWORD=hunter2\n", {}, 2, "LD_PRELOAD is not allowed", 1},
        {"a line that is none", "A=1\nnonsense\n", {}, 2, ".env:2: there is no = in this line", 0},
        {"a secret without a value", "DB_PASSWORD=\n", {}, 2, "or: --plain DB_PASSWORD", 0},
        {"an option that names nothing", "A=1\n", {"--secret", "B"}, 3, "the file has no B", 0},
    };
    for (const auto& [story, text, words, code, errors, calls] : cases) {
        CAPTURE(story);
        NotingServer server;
        server.replies["POST /api/v1/variables"] = {
            .status = 422,
            .body = R"({"code":"invalid","detail":"none was set","evidence":"LD_PRELOAD is not allowed"})"};
        const ramet::testing::TemporaryDirectory directory;
        std::vector<std::string> line{"vars", "import", directory.write(".env", text).string()};
        line.insert(line.end(), words.begin(), words.end());
        const auto outcome = run(line);
        CHECK(outcome.code == code);
        CHECK(outcome.errors.contains(errors));
        CHECK_FALSE(outcome.errors.contains("hunter2"));
        CHECK(server.calls().size() == calls);
    }
}

TEST_CASE("a support bundle holds what could be read, and says what could not")
{
    NotingServer server;
    server.replies["GET /api/v1/doctor"] = {.body = R"({"checks":[]})"};
    server.replies["GET /metrics"] = {.body = "ramet_queue_depth 0\n"};
    server.replies["GET /api/v1/environments"] = {
        .body = R"({"environments":[{"name":"pr-1","project":"shop"},{"name":"../../evil","project":"shop"}]})"};
    server.replies["GET /api/v1/environments/pr-1/logs"] = {.body = "a line\n"};
    server.replies["GET /api/v1/runs"] = {.body = R"({"runs":[]})"};
    const ramet::testing::TemporaryDirectory directory;
    const auto file = (directory / "bundle.tar").string();
    const auto outcome = run({"support-bundle", "--file", file});
    CHECK(outcome.errors.contains("no secrets are in it"));
    REQUIRE(outcome.code == 0);
    CHECK((std::filesystem::status(file).permissions() & std::filesystem::perms(0777)) == std::filesystem::perms(0600));
    REQUIRE(run_checked({.arguments = {"tar", "xf", file}, .working_directory = directory.path()}));
    const auto read = [&](const std::string& name) {
        return read_file(directory / "ramet-support" / name).value_or("not there");
    };
    CHECK(read("versions.txt").starts_with("ramet "));
    CHECK(read("metrics.txt") == "ramet_queue_depth 0\n");
    CHECK(read("logs/shop-pr-1.log") == "a line\n");
    CHECK(read("runs/shop-pr-1.json").contains("runs"));
    CHECK(read("runs/shop-______evil.json").contains("runs"));
    CHECK(read("errors.txt").contains("/api/v1/projects: not_found: nothing here"));
    for (const auto& call : server.calls()) {
        CHECK_FALSE(call.contains("/secrets"));
        CHECK_FALSE(call.contains("/variables"));
        CHECK_FALSE(call.contains("/connection"));
    }
    CHECK(run({"support-bundle", "--file", file}).code == 5);
}

}  // namespace ramet::cli
