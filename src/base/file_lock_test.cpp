#include "base/file_lock.hpp"

#include "support/temporary.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <thread>

namespace ramet {
namespace {

TEST_CASE("a file is locked by one at a time, and nobody waits for ever")
{
    const testing::TemporaryDirectory directory;
    const auto path = directory / "lock";
    auto first = lock_file(path);
    REQUIRE(first.has_value());
    const auto second = lock_file(path, Milliseconds{20});
    REQUIRE_FALSE(second.has_value());
    CHECK(second.error().kind == ErrorKind::unavailable);
    CHECK(second.error().message.contains(path.string()));
    CHECK_FALSE(try_lock_file(path)->has_value());
    // Who waits gets it as soon as it is free.
    bool has_it = false;
    {
        const std::jthread waiting([&] { has_it = lock_file(path, Milliseconds{20'000}).has_value(); });
        *first = Fd();
    }
    CHECK(has_it);
    CHECK(try_lock_file(path)->has_value());
}

TEST_CASE("what cannot be opened is told with its path")
{
    const auto locked = lock_file("/nonexistent/lock");
    REQUIRE_FALSE(locked.has_value());
    CHECK(locked.error().message.contains("/nonexistent/lock"));
}

}  // namespace
}  // namespace ramet
