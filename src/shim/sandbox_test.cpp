#include "shim/program.hpp"
#include "shim/sandbox.hpp"

#include <doctest/doctest.h>

#include <filesystem>
#include <unistd.h>

using namespace ramet::shim;

TEST_CASE("the place to cover is the first folder on the way that others may not pass")
{
    std::string top = "/tmp/ramet-cover-XXXXXX";
    REQUIRE(::mkdtemp(top.data()) != nullptr);
    std::filesystem::create_directories(top + "/open/data");
    CHECK(find_cover_place(top + "/open/data") == top);
    std::filesystem::permissions(top, std::filesystem::perms(0755));
    CHECK(find_cover_place(top + "/open/data") == top + "/open/data");
    std::filesystem::remove_all(top);
}

TEST_CASE("a program is read from a message, with defaults for what is not said")
{
    const auto message =
        Message::decode("version v1\nargument a\nargument b\nenvironment K=V\nuid 7\ncover /x:/tmp\nmode supervise\n"
                        "health http\nhealth_path /healthz\nreplicas 0\nfuture key\n\n");
    REQUIRE(message.has_value());
    const auto program = read_program(*message);
    CHECK(is_runnable(program));
    CHECK(program.arguments == std::vector<std::string>{"a", "b"});
    CHECK(program.mode == Mode::supervise);
    CHECK(program.health == HealthKind::http);
    CHECK(program.replicas == 1);
    CHECK(program.grace_ms == 10'000);
    CHECK(program.sandbox.uid == 7);
    REQUIRE(program.sandbox.covers.size() == 1);
    CHECK(program.sandbox.covers[0].place == "/tmp");
    CHECK_FALSE(is_runnable(read_program(*Message::decode("version v1\n\n"))));
}
