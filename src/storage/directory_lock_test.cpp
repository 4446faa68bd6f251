#include "storage/directory_lock.hpp"

#include "support/temporary.hpp"

#include <doctest/doctest.h>

#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

namespace ramet::storage {

TEST_SUITE_BEGIN("sqlite");

TEST_CASE("a second server on one data directory is told which process has it")
{
    const testing::TemporaryDirectory directory;
    const auto first = DirectoryLock::acquire(directory.path());
    REQUIRE(first.has_value());
    const auto second = DirectoryLock::acquire(directory.path());
    REQUIRE_FALSE(second.has_value());
    CHECK(second.error().kind == ErrorKind::conflict);
    CHECK(second.error().message.ends_with("in use by process " + std::to_string(::getpid())));
}

TEST_CASE("the lock is free when its holder lets go, and when it was killed")
{
    const testing::TemporaryDirectory directory;
    {
        REQUIRE(DirectoryLock::acquire(directory.path()).has_value());
    }
    int ready[2];
    REQUIRE(::pipe(ready) == 0);
    const auto child = ::fork();
    if (child == 0) {
        const auto held = DirectoryLock::acquire(directory.path());
        const char byte = held ? 'y' : 'n';
        (void)!::write(ready[1], &byte, 1);
        for (;;) ::pause();
    }
    char byte = 0;
    REQUIRE(::read(ready[0], &byte, 1) == 1);
    CHECK(byte == 'y');
    CHECK(DirectoryLock::acquire(directory.path()).error().message.ends_with(std::to_string(child)));
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    ::close(ready[0]);
    ::close(ready[1]);
    CHECK(DirectoryLock::acquire(directory.path()).has_value());
}

TEST_CASE("a directory that is not there cannot be locked")
{
    const testing::TemporaryDirectory directory;
    CHECK(DirectoryLock::acquire(directory / "absent").error().kind == ErrorKind::not_found);
}

TEST_SUITE_END();

}  // namespace ramet::storage
