#include "targets/kubernetes/credentials.hpp"

#include "support/temporary.hpp"

#include <doctest/doctest.h>

namespace ramet::targets::kubernetes {

namespace {

using namespace std::chrono_literals;

class HandClock final : public Clock {
public:
    Time now() override { return time; }
    Milliseconds monotonic() override { return time.time_since_epoch(); }
    Time time{1'800'000'000s};
};

/// A plugin that says what `script` prints, and counts how often it was asked.
struct Plugin {
    explicit Plugin(const std::string& script)
    {
        REQUIRE(write_file(folder.path() / "login", "#!/bin/sh\necho x >> " + count().string() + "\n" + script + "\n",
                           0700));
        access.plugin = {.api_version = "client.authentication.k8s.io/v1",
                         .command = {(folder.path() / "login").string(), "one two"},
                         .environment = {{"REGION", "eu"}},
                         .install_hint = "install login"};
    }
    Path count() const { return folder.path() / "count"; }
    std::size_t asked() const { return read_file(count()).value_or("").size() / 2; }

    ramet::testing::TemporaryDirectory folder;
    ClusterAccess access{.context = "test"};
    HandClock clock;
};

std::string credential(const std::string& token, const std::string& until)
{
    return R"(echo '{"kind":"ExecCredential","status":{"token":")" + token + "\"" +
           (until.empty() ? "" : R"(,"expirationTimestamp":")" + until + "\"") + "}}'";
}

}  // namespace

TEST_CASE("a plugin is asked when what it gave is about to end, and not before")
{
    Plugin plugin(credential("t", to_rfc3339(Time(1'800'000'000s) + 60s)));
    Credentials credentials(plugin.access, plugin.clock);
    for (int i = 0; i < 3; ++i) CHECK(credentials.authorization() == "Bearer t");
    CHECK(plugin.asked() == 1);
    plugin.clock.time += 51s;
    CHECK(credentials.authorization() == "Bearer t");
    CHECK(plugin.asked() == 2);
}

TEST_CASE("a plugin is asked again when the cluster refused what it gave")
{
    Plugin plugin(credential("t", ""));
    Credentials credentials(plugin.access, plugin.clock);
    CHECK(credentials.authorization() == "Bearer t");
    CHECK(credentials.renew());
    CHECK(credentials.authorization() == "Bearer t");
    CHECK(plugin.asked() == 2);
}

TEST_CASE("a plugin gets its arguments, its variables and what the interface tells it")
{
    Plugin plugin(R"(case "$KUBERNETES_EXEC_INFO" in *'"interactive":false'*) told=yes;; esac
echo "{\"status\":{\"token\":\"$1-$REGION-$told\"}}")");
    CHECK(Credentials(plugin.access, plugin.clock).authorization() == "Bearer one two-eu-yes");
}

TEST_CASE("a plugin that fails, says nothing of use or is not there is told with its words")
{
    Plugin failing("echo 'session expired' >&2; exit 3");
    const auto failed = Credentials(failing.access, failing.clock).authorization();
    REQUIRE_FALSE(failed);
    CHECK(failed.error().kind == ErrorKind::unauthenticated);
    CHECK(failed.error().message.contains("ended with 3"));
    CHECK(failed.error().evidence.contains("session expired"));

    Plugin silent("true");
    CHECK(Credentials(silent.access, silent.clock).authorization().error().kind == ErrorKind::unauthenticated);

    Plugin absent("true");
    absent.access.plugin->command = {"/nonexistent/login"};
    const auto missing = Credentials(absent.access, absent.clock).authorization();
    REQUIRE_FALSE(missing);
    CHECK(missing.error().kind == ErrorKind::not_found);
    CHECK(missing.error().next_step == "install login");
}

TEST_CASE("a token in a file is read again each minute, one in the kubeconfig stays")
{
    const ramet::testing::TemporaryDirectory folder;
    HandClock clock;
    ClusterAccess access{.context = "test"};
    access.token_file = folder.path() / "token";
    Credentials credentials(access, clock);
    CHECK(credentials.authorization().error().kind == ErrorKind::not_found);
    REQUIRE(write_file(access.token_file, "a\n"));
    CHECK(credentials.authorization() == "Bearer a");
    REQUIRE(write_file(access.token_file, "b\n"));
    CHECK(credentials.authorization() == "Bearer a");
    clock.time += 1min;
    CHECK(credentials.authorization() == "Bearer b");

    ClusterAccess fixed{.context = "test"};
    fixed.token = SecretBytes("c");
    Credentials kept(fixed, clock);
    CHECK(kept.authorization() == "Bearer c");
    CHECK_FALSE(kept.renew());
    CHECK(Credentials(ClusterAccess{.context = "test"}, clock).authorization() == "");
}

}  // namespace ramet::targets::kubernetes
