#include "base/log.hpp"

#include "base/clock.hpp"
#include "base/text.hpp"
#include "support/temporary.hpp"

#include <doctest/doctest.h>

#include <fcntl.h>
#include <unistd.h>

#include <functional>
#include <thread>
#include <vector>

using namespace ramet;

namespace {

/// What `act` writes to standard error.
std::string logged(const std::function<void()>& act)
{
    const testing::TemporaryDirectory directory;
    const Fd before(::fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3));
    {
        const Fd file(::open((directory / "log").c_str(), O_CREAT | O_WRONLY | O_APPEND | O_CLOEXEC, 0600));
        ::dup2(file.get(), STDERR_FILENO);
    }
    act();
    ::dup2(before.get(), STDERR_FILENO);
    return read_file(directory / "log").value();
}

}  // namespace

TEST_CASE("a line has the time in UTC, the level and the text")
{
    const auto text = logged([] { log::warning("queue of {} is {}", "shop", 3); });
    const auto fields = split(text, ' ');
    REQUIRE(fields.size() == 7);
    CHECK(parse_rfc3339(fields[0]));
    CHECK(fields[1] == "warning");
    CHECK(text.ends_with(" queue of shop is 3\n"));
}

TEST_CASE("lines below the level are dropped")
{
    CHECK(logged([] { log::debug("no"); }).empty());
    log::set_level(log::Level::error);
    CHECK(logged([] { log::warning("no"); }).empty());
    CHECK(logged([] { log::error("yes"); }).contains("error yes"));
    log::set_level(log::Level::debug);
    CHECK(logged([] { log::debug("yes"); }).contains("debug yes"));
    log::set_level(log::Level::info);
}

TEST_CASE("every line passes the redactor")
{
    log::set_redactor([](std::string_view line) { return std::string(line.substr(0, 3)) + "***"; });
    CHECK(logged([] { log::info("pw=secret"); }).ends_with(" info pw=***\n"));
    log::set_redactor({});
    CHECK(logged([] { log::info("plain"); }).ends_with(" info plain\n"));
}

TEST_CASE("a record is one line, whatever is in it")
{
    const auto text = logged([] { log::info("a\n2026-01-01T00:00:00.000Z error forged\r\x1b[31m {}", "{}"); });
    CHECK(split(text, '\n').size() == 2);
    CHECK(text.ends_with(" a\\n2026-01-01T00:00:00.000Z error forged\\x0d\\x1b[31m {}\n"));
}

TEST_CASE("lines of many threads stay whole")
{
    const auto text = logged([] {
        std::vector<std::jthread> threads;
        for (int i = 0; i < 4; ++i)
            threads.emplace_back([] {
                for (int j = 0; j < 50; ++j) log::info("0123456789");
            });
    });
    const auto lines = split(trim(text), '\n');
    CHECK(lines.size() == 200);
    for (const auto& line : lines) CHECK(line.ends_with("Z info 0123456789"));
}
