#include "cli/tar.hpp"

#include "base/subprocess.hpp"
#include "support/temporary.hpp"

#include <doctest/doctest.h>

namespace ramet::cli {

TEST_CASE("tar reads back what was put into an archive")
{
    const std::vector<TarFile> files{{"bundle/empty.txt", ""},
                                     {"bundle/short.txt", "hello\n"},
                                     {"bundle/logs/block.txt", std::string(512, 'x')},
                                     {"bundle/long.txt", std::string(100'000, 'y')}};
    const ramet::testing::TemporaryDirectory directory;
    const auto archive = directory.write("a.tar", make_tar(files, 1'700'000'000));
    const auto listed = run_checked({.arguments = {"tar", "tvf", archive.string()}, .environment = {{"TZ", "UTC"}}});
    REQUIRE(listed);
    CHECK(listed->contains("-rw------- 0/0"));
    CHECK(listed->contains("2023-11-14"));
    REQUIRE(run_checked({.arguments = {"tar", "xf", archive.string()}, .working_directory = directory.path()}));
    for (const auto& file : files) {
        CAPTURE(file.name);
        CHECK(read_file(directory / file.name) == file.content);
    }
}

TEST_CASE("an archive without files is one that tar takes")
{
    const ramet::testing::TemporaryDirectory directory;
    const auto archive = directory.write("a.tar", make_tar({}, 0));
    CHECK(run_checked({.arguments = {"tar", "tf", archive.string()}}) == "");
}

}  // namespace ramet::cli
