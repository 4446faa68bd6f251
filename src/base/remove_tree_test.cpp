#include "base/file.hpp"

#include "support/temporary.hpp"

#include <doctest/doctest.h>

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <stop_token>
#include <thread>

using namespace ramet;
using ramet::testing::TemporaryDirectory;

namespace {

/// A folder of `folders` folders with `files` files each.
void grow_tree(const Path& root, int folders, int files)
{
    for (int i = 0; i < folders; ++i) {
        const auto folder = root / std::to_string(i);
        std::filesystem::create_directories(folder);
        for (int j = 0; j < files; ++j)
            const Fd file(::open((folder / std::to_string(j)).c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
    }
}

}  // namespace

TEST_CASE("what is absent is already removed")
{
    const TemporaryDirectory directory;
    CHECK(remove_tree(directory / "absent"));
    CHECK(remove_tree(directory / "absent" / "deeper"));
}

TEST_CASE("a file, a link, a pipe and a tree are removed, with or without a slash at the end")
{
    const TemporaryDirectory directory;
    directory.write("tree/a/b/c");
    directory.write("tree/d");
    directory.write("other/x");
    directory.write("file");
    std::filesystem::create_symlink("file", directory / "link");
    REQUIRE(::mkfifo((directory / "pipe").c_str(), 0600) == 0);
    for (const auto* name : {"link", "pipe", "file", "tree", "other/"}) {
        CAPTURE(name);
        CHECK(remove_tree(directory / name));
    }
    CHECK(std::filesystem::is_empty(directory.path()));
}

TEST_CASE("symbolic links inside a tree are removed, never followed")
{
    const TemporaryDirectory directory;
    const auto precious = directory.write("precious/file");
    directory.write("tree/a");
    std::filesystem::create_directory_symlink(directory / "precious", directory / "tree" / "link");
    std::filesystem::create_directory_symlink("..", directory / "tree" / "up");
    std::filesystem::create_symlink("/nowhere", directory / "tree" / "dangling");
    CHECK(remove_tree(directory / "tree"));
    CHECK_FALSE(look_for(directory / "tree").value());
    CHECK(look_for(precious).value());
}

TEST_CASE("a link to a tree is removed and the tree stays")
{
    const TemporaryDirectory directory;
    const auto precious = directory.write("precious/file");
    std::filesystem::create_directory_symlink("precious", directory / "link");
    CHECK(remove_tree(directory / "link"));
    CHECK_FALSE(look_for(directory / "link").value());
    CHECK(look_for(precious).value());
}

TEST_CASE("folders without the write bit are removed")
{
    const TemporaryDirectory directory;
    directory.write("cache/module/file");
    std::filesystem::permissions(directory / "cache" / "module", std::filesystem::perms(0555));
    CHECK(remove_tree(directory / "cache"));
    CHECK_FALSE(look_for(directory / "cache").value());
}

TEST_CASE("a tree deeper than the longest path and the limit of descriptors is removed")
{
    const TemporaryDirectory directory;
    std::filesystem::create_directory(directory / "deep");
    Fd here(::open((directory / "deep").c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    for (int i = 0; i < 2000; ++i) {
        REQUIRE(::mkdirat(here.get(), "folder", 0700) == 0);
        here = Fd(::openat(here.get(), "folder", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    }
    here.reset();
    CHECK(remove_tree(directory / "deep"));
    CHECK_FALSE(look_for(directory / "deep").value());
}

TEST_CASE("names that are no name of a tree are refused")
{
    for (const auto* path : {"", "/", ".", "..", "a/..", "a/."}) {
        CAPTURE(path);
        CHECK(remove_tree(path).error().kind == ErrorKind::invalid);
    }
}

TEST_CASE("a tree with a mount inside is left whole, and the mount is named")
{
    const TemporaryDirectory directory;
    const auto file = directory.write("tree/a/file");
    const auto point = directory / "tree" / "mount point";
    std::filesystem::create_directory(point);
    if (::mount("tmpfs", point.c_str(), "tmpfs", 0, "size=64k") != 0) {
        MESSAGE("mounting is not allowed here: find_mount_beneath is tested on text only");
        return;
    }
    const auto removed = remove_tree(directory / "tree");
    CHECK(::umount(point.c_str()) == 0);
    REQUIRE(!removed);
    CHECK(removed.error().kind == ErrorKind::conflict);
    CHECK(removed.error().message.contains(point.string()));
    CHECK(look_for(file).value());
}

TEST_CASE("a tree that is still written to is removed once the writer has ended")
{
    const TemporaryDirectory directory;
    std::filesystem::create_directories(directory / "tree" / "a");
    std::jthread writer([&](const std::stop_token& stop) {
        for (int i = 0; !stop.stop_requested(); ++i)
            const Fd file(::open((directory / "tree" / "a" / std::to_string(i)).c_str(), O_CREAT | O_CLOEXEC, 0600));
    });
    const auto during = remove_tree(directory / "tree");
    if (!during) CHECK(during.error().kind == ErrorKind::conflict);
    writer.request_stop();
    writer.join();
    CHECK(remove_tree(directory / "tree"));
    CHECK_FALSE(look_for(directory / "tree").value());
}

TEST_CASE("a tree the size of a new database is removed within milliseconds")
{
    const TemporaryDirectory directory;
    grow_tree(directory / "tree", 30, 40);
    const auto start = std::chrono::steady_clock::now();
    CHECK(remove_tree(directory / "tree"));
    CHECK(std::chrono::steady_clock::now() - start < std::chrono::milliseconds(500));
    CHECK_FALSE(look_for(directory / "tree").value());
}
