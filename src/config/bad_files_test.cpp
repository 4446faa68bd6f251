#include "config/parse.hpp"

#include "base/file.hpp"
#include "base/text.hpp"

#include <doctest/doctest.h>

using namespace ramet;
using namespace ramet::config;

namespace {

struct BadFile {
    std::string story;
    std::string text;
    std::string want;  ///< "LINE:COLUMN: part of the message"
};

/// Cases stand in one file, each as "=== story", "--- expectation" and the text. The check of the JSON Schema reads it too.
std::vector<BadFile> bad_files()
{
    const auto path = std::filesystem::path(RAMET_SOURCE_DIR) / "tests/data/config/bad_files.txt";
    std::vector<BadFile> cases;
    for (const auto& line : split(read_file(path).value(), '\n')) {
        if (line.starts_with("=== "))
            cases.push_back({.story = line.substr(4), .text = {}, .want = {}});
        else if (line.starts_with("--- "))
            cases.back().want = line.substr(4);
        else if (!cases.empty())
            cases.back().text += line + "\n";
    }
    return cases;
}

std::string told(const std::vector<Error>& errors)
{
    std::string text;
    for (const auto& error : errors) text += error.where.substr(2) + ": " + error.message + "\n";
    return text;
}

}  // namespace

TEST_CASE("a file that breaks one rule is refused at that place, in words")
{
    const auto cases = bad_files();
    CHECK(cases.size() > 70);
    for (const auto& [story, text, want] : cases) {
        CAPTURE(story);
        CAPTURE(text);
        const auto file = parse_project_file_fully(text, "f");
        CHECK_FALSE(file.has_value());
        if (file) continue;
        const auto all = told(file.error());
        const auto place = want.substr(0, want.find(": "));
        const auto words = want.substr(want.find(": ") + 2);
        CAPTURE(all);
        CHECK(all.find(place + ": ") != std::string::npos);
        CHECK(all.find(words) != std::string::npos);
        for (const auto& error : file.error()) CHECK(error.kind == ErrorKind::invalid);
    }
}
