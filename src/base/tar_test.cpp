#include "base/tar.hpp"

#include "base/subprocess.hpp"
#include "support/temporary.hpp"

#include <doctest/doctest.h>

namespace ramet {

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

TEST_CASE("an archive is read back, and nothing that was altered or cut off is")
{
    const std::vector<TarFile> files{{"a", ""}, {"b/c", std::string(700, 'x')}};
    const auto archive = make_tar(files, 5);
    const auto read = parse_tar(archive);
    REQUIRE(read.has_value());
    REQUIRE(read->size() == 2);
    CHECK((*read)[0].content.empty());
    CHECK((*read)[1].name == "b/c");
    CHECK((*read)[1].content == files[1].content);
    CHECK(parse_tar(make_tar({}, 0))->empty());
    for (std::size_t size = 0; size < archive.size(); size += 64) {
        CAPTURE(size);
        const auto cut = parse_tar(archive.substr(0, size));
        REQUIRE_FALSE(cut.has_value());
        CHECK(cut.error().kind == ErrorKind::integrity);
    }
    for (const std::size_t at :
         {std::size_t{0}, std::size_t{124}, std::size_t{156}, std::size_t{257}, std::size_t{512}}) {
        CAPTURE(at);
        auto altered = archive;
        altered[at] = static_cast<char>(altered[at] ^ 1);
        CHECK(parse_tar(altered).error().kind == ErrorKind::integrity);
    }
    for (const auto* other : {"", "nonsense"}) CHECK_FALSE(parse_tar(other).has_value());
    const ramet::testing::TemporaryDirectory directory;
    std::filesystem::create_symlink("/etc/passwd", directory / "link");
    REQUIRE(run_checked({.arguments = {"tar", "cf", "l.tar", "link"}, .working_directory = directory.path()}));
    CHECK(parse_tar(read_file(directory / "l.tar").value()).error().message.contains("plain files"));
}

}  // namespace ramet
