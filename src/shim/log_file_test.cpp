#include "shim/log_file.hpp"
#include "shim/replica.hpp"

#include <doctest/doctest.h>

#include <filesystem>
#include <unistd.h>

using namespace ramet::shim;

namespace {

struct Folder {
    std::string path = "/tmp/ramet-log-XXXXXX";
    Folder() { REQUIRE(::mkdtemp(path.data()) != nullptr); }
    ~Folder() { std::filesystem::remove_all(path); }
};

}  // namespace

TEST_CASE("each line carries its time and replica, and pieces of a line are joined")
{
    const Folder folder;
    LogFile file(folder.path + "/log");
    LineStamper stamper(file, 3);
    stamper.feed("one\ntw");
    stamper.feed("o\nthree");
    stamper.finish();
    const auto text = read_text(folder.path + "/log");
    CHECK(std::count(text.begin(), text.end(), '\n') == 3);
    CHECK(text.contains("Z 3 one\n"));
    CHECK(text.contains("Z 3 two\n"));
    CHECK(text.ends_with("Z 3 three\n"));
    CHECK(stamper.tail() == "one\ntwo\nthree\n");
}

TEST_CASE("a flood takes no more than twice the limit on disk and little memory")
{
    const Folder folder;
    LogFile file(folder.path + "/log", 10'000);
    LineStamper stamper(file, 0);
    for (int line = 0; line < 10'000; ++line)
        stamper.feed("line " + std::to_string(line) + " of a program that floods\n");
    CHECK(std::filesystem::file_size(folder.path + "/log") <= 10'000);
    CHECK(std::filesystem::file_size(folder.path + "/log.1") <= 10'000);
    CHECK(read_text(folder.path + "/log").contains("line 9999 "));
    CHECK(stamper.tail().size() <= 8U << 10U);
    stamper.forget_tail();
    CHECK(stamper.tail().empty());
}

TEST_CASE("a line without an end is cut rather than kept")
{
    const Folder folder;
    LogFile file(folder.path + "/log");
    LineStamper stamper(file, 0);
    for (int piece = 0; piece < 100; ++piece) stamper.feed(std::string(1000, 'x'));
    CHECK(std::filesystem::file_size(folder.path + "/log") > 50'000);
}

TEST_CASE("the last lines of a text")
{
    struct Case {
        std::string text;
        int lines;
        std::string want;
    };
    const Case cases[] = {{"", 2, ""},         {"a", 2, "a"},       {"a\nb\nc\n", 2, "b\nc"},
                          {"a\nb", 2, "a\nb"}, {"a\nb\nc", 1, "c"}, {"\na", 1, "a"}};
    for (const auto& [text, lines, want] : cases) {
        CAPTURE(text);
        CHECK(last_lines(text, lines) == want);
    }
}

TEST_CASE("times are written as RFC 3339 wants them")
{
    CHECK(time_stamp(0) == "1970-01-01T00:00:00.000Z");
    CHECK(time_stamp(1'795'436'123'045) == "2026-11-23T12:15:23.045Z");
}

TEST_CASE("restarts back off to half a minute")
{
    CHECK(restart_delay_ms(0) == 50);
    CHECK(restart_delay_ms(1) == 100);
    CHECK(restart_delay_ms(4) == 800);
    CHECK(restart_delay_ms(15) == 30'000);
    CHECK(restart_delay_ms(1'000'000) == 30'000);
}
