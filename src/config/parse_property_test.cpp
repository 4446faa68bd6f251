#include "config/parse.hpp"

#include "base/file.hpp"

#include <doctest/doctest.h>
#include <rapidcheck.h>

using namespace ramet;
using namespace ramet::config;

namespace {

const std::string& everything()
{
    static const auto text =
        read_file(std::filesystem::path(RAMET_SOURCE_DIR) / "tests/data/config/everything.yaml").value();
    return text;
}

/// It is accepted, or every error has a place inside the text.
void check_outcome(const std::string& text)
{
    const auto file = parse_project_file_fully(text, "f");
    if (file) return;
    RC_ASSERT(!file.error().empty());
    for (const auto& error : file.error()) {
        RC_ASSERT(error.where.starts_with("f:"));
        RC_ASSERT(error.kind == ErrorKind::invalid);
        RC_ASSERT(!error.message.empty());
    }
}

const std::vector<std::string>& pieces()
{
    static const std::vector<std::string> list = {
        "{",    "}",  "[",     "]",    ": ",           "- ",  "\n",        "  ",
        "\"",   "'",  "#",     "${",   "$${",          "&a",  "*a",        "!!x",
        "---",  "|",  ">",     "?",    "<<",           "\t",  "null",      "~",
        "true", "-1", "1e400", "\xff", "\xe2\x82\xac", "web", "from: web", "needs: {web: healthy}"};
    return list;
}

}  // namespace

TEST_CASE("random bytes never crash the reader")
{
    CHECK(rc::check([](const std::string& text) { check_outcome(text); }));
}

TEST_CASE("random pieces of YAML never crash the reader")
{
    CHECK(rc::check([] {
        const auto chosen = *rc::gen::container<std::vector<std::string>>(rc::gen::elementOf(pieces()));
        std::string text = "version: 1\nproject: p\n";
        for (const auto& piece : chosen) text += piece;
        check_outcome(text);
    }));
}

TEST_CASE("a mutated file is accepted or refused with a place")
{
    CHECK(rc::check([] {
        auto text = everything();
        const auto mutations = *rc::gen::inRange(1, 6);
        for (int i = 0; i < mutations; ++i) {
            const auto at = *rc::gen::inRange<std::size_t>(0, text.size());
            const auto length = *rc::gen::inRange<std::size_t>(0, 20);
            text.replace(at, std::min(length, text.size() - at), *rc::gen::elementOf(pieces()));
        }
        check_outcome(text);
    }));
}

TEST_CASE("a file cut off anywhere is accepted or refused with a place")
{
    CHECK(rc::check(
        [] { check_outcome(everything().substr(0, *rc::gen::inRange<std::size_t>(0, everything().size()))); }));
}
