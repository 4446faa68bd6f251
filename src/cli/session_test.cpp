#include "cli/session.hpp"

#include "base/file.hpp"
#include "base/subprocess.hpp"
#include "cli/test_commands.hpp"
#include "net/http_server.hpp"
#include "support/temporary.hpp"

#include <doctest/doctest.h>

#include <sys/stat.h>

#include <cstdlib>

namespace ramet::cli {

using namespace testing;

namespace {

/// No server is known, and contexts are kept in a directory of the test.
struct Home {
    ramet::testing::TemporaryDirectory directory;
    Home()
    {
        ::setenv("XDG_CONFIG_HOME", directory.path().c_str(), 1);
        ::unsetenv("RAMET_URL");
        ::unsetenv("RAMET_TOKEN");
    }
    ~Home()
    {
        ::unsetenv("XDG_CONFIG_HOME");
        ::unsetenv("RAMET_URL");
        ::unsetenv("RAMET_TOKEN");
    }
};

unsigned mode_of(const std::string& path)
{
    struct stat status{};
    REQUIRE(::stat(path.c_str(), &status) == 0);
    return status.st_mode & 07777U;
}

}  // namespace

TEST_CASE_FIXTURE(Home, "the saved server and token can be read by their owner only, also when they are saved again")
{
    REQUIRE(save_context({"http://ramet.test", "ramet_token"}));
    CHECK(mode_of(context_path()) == 0600);
    CHECK(mode_of((directory / "ramet").string()) == 0700);
    ::chmod(context_path().c_str(), 0644);
    REQUIRE(save_context({"http://ramet.test", "another"}));
    CHECK(mode_of(context_path()) == 0600);
    const auto saved = load_context();
    REQUIRE((saved && *saved));
    CHECK((*saved)->url == "http://ramet.test");
    CHECK((*saved)->token == "another");
}

TEST_CASE_FIXTURE(Home, "without a server a command says how to get one")
{
    const auto outcome = run({"preview", "list"});
    CHECK(outcome.code == 4);
    CHECK(outcome.errors.contains("no server is known"));
    CHECK(outcome.errors.contains("ramet up"));
    CHECK(outcome.output.empty());
}

TEST_CASE_FIXTURE(Home, "a server that is not there is an error that names it")
{
    const auto url = fmt::format("http://127.0.0.1:{}", ramet::testing::free_port());
    ::setenv("RAMET_URL", url.c_str(), 1);
    const auto outcome = run({"preview", "list"});
    CHECK(outcome.code == 1);
    CHECK(outcome.errors.contains(url));
}

TEST_CASE_FIXTURE(Home,
                  "the environment goes before the saved context, and a token of the environment fits a saved server")
{
    std::string seen;
    auto server =
        net::HttpServer::start({.workers = 1}, [&](const net::Request& request, const net::Responder& responder) {
            seen = request.headers.get("authorization");
            responder.send({.body = R"({"previews":[]})"});
        });
    REQUIRE(server);
    const auto url = fmt::format("http://127.0.0.1:{}", (*server)->port());
    REQUIRE(save_context({url + "/", "saved"}));
    CHECK(run({"preview", "list"}).code == 0);
    CHECK(seen == "Bearer saved");
    ::setenv("RAMET_TOKEN", "given", 1);
    CHECK(run({"preview", "list"}).code == 0);
    CHECK(seen == "Bearer given");
    REQUIRE(save_context({"http://127.0.0.1:1", "saved"}));
    ::setenv("RAMET_URL", url.c_str(), 1);
    ::unsetenv("RAMET_TOKEN");
    CHECK(run({"preview", "list"}).code == 0);
    CHECK_MESSAGE(seen.empty(), "another server's token is not sent");
}

TEST_CASE_FIXTURE(Home, "wrong values are found before the server is asked")
{
    ::setenv("RAMET_URL", "http://127.0.0.1:1", 1);
    const std::vector<std::vector<std::string>> lines = {
        {"service", "scale", "pr-1", "web", "many"},
        {"plan", "--pr", "x"},
        {"plan", "--target", "there"},
        {"logs", "pr-1", "--tail", "all"},
        {"preview", "list", "-o", "xml"},
        {"git", "connect", "gitea"},
        {"vars", "list", "--org", "--env", "a"},
        {"vars", "list", "--service", "web"},
    };
    for (const auto& words : lines) {
        CAPTURE(words.back());
        CHECK(run(words).code == 2);
    }
}

TEST_CASE("the completion script completes commands word by word, and then options")
{
    const auto complete = [](const std::string& line) {
        std::string script = completion_script(server_commands());
        script += "COMP_WORDS=(" + line +
                  ")\nCOMP_CWORD=$(( ${#COMP_WORDS[@]} - 1 ))\n_ramet\nprintf '%s\\n' \"${COMPREPLY[@]}\" | sort -u | "
                  "tr '\\n' ' '\n";
        const auto done = run_command({.arguments = {"bash", "--norc", "-s"},
                                       .environment = {{"PATH", "/usr/bin:/bin"}},
                                       .standard_input = script});
        REQUIRE(done);
        CHECK(done->standard_error == "");
        return done->standard_output;
    };
    CHECK(complete("ramet prev") == "preview ");
    CHECK(complete("ramet preview cr") == "create ");
    CHECK(complete("ramet preview re") == "receipt redeploy reset-data ");
    CHECK(complete("ramet se") == "secret service ");
    CHECK(complete("ramet vars ''") == "explain import list set unset ");
    CHECK(complete("ramet preview create --b") == "--base --branch ");
    CHECK(complete("ramet preview create --branch x --no-") == "--no-input --no-wait ");
    CHECK(complete("ramet xyzzy") == " ");
}

}  // namespace ramet::cli
