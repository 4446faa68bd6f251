#include "base/file.hpp"

#include "support/temporary.hpp"

#include <doctest/doctest.h>

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>

using namespace ramet;
using ramet::testing::TemporaryDirectory;

namespace {

unsigned mode_of(const Path& path)
{
    struct stat status{};
    REQUIRE(::stat(path.c_str(), &status) == 0);
    return status.st_mode & 07777U;
}

bool is_open(int fd)
{
    return ::fcntl(fd, F_GETFD) >= 0;
}

std::size_t entries_in(const Path& folder)
{
    return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator(folder), {}));
}

}  // namespace

TEST_CASE("a descriptor has one owner, which closes it")
{
    Fd first(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    const int number = first.get();
    REQUIRE(is_open(number));
    Fd second = std::move(first);
    CHECK_FALSE(first);
    CHECK(second.get() == number);
    second = Fd(::open("/dev/zero", O_RDONLY | O_CLOEXEC));
    CHECK(!is_open(number));
    const int released = second.release();
    CHECK(is_open(released));
    const Fd again(released);
    CHECK_FALSE(second);
}

TEST_CASE("what the system reports becomes the kind of error that says what to do")
{
    struct Case {
        int number;
        ErrorKind want;
    };
    const Case cases[] = {{ENOENT, ErrorKind::not_found},     {EACCES, ErrorKind::forbidden},
                          {ENOSPC, ErrorKind::unavailable},   {EMFILE, ErrorKind::unavailable},
                          {EEXIST, ErrorKind::conflict},      {EROFS, ErrorKind::forbidden},
                          {ENAMETOOLONG, ErrorKind::invalid}, {EBADF, ErrorKind::internal}};
    for (const auto& [number, want] : cases) {
        errno = number;
        const auto error = os_error("opening", "/x/y");
        CHECK(error.kind == want);
        CHECK(error.message.starts_with("opening /x/y: "));
    }
    errno = ENOSPC;
    CHECK(os_error("writing", "/x").next_step == "free some space on that disk");
}

TEST_CASE("a file is written and read back")
{
    const TemporaryDirectory directory;
    const std::string content("a\0b\n", 4);
    REQUIRE(write_file(directory / "f", content));
    CHECK(read_file(directory / "f").value() == content);
    CHECK(mode_of(directory / "f") == 0600);
}

TEST_CASE("writing replaces the file, sets the mode and leaves nothing beside it")
{
    const TemporaryDirectory directory;
    REQUIRE(write_file(directory / "f", "old"));
    REQUIRE(write_file(directory / "f", "new", 0644));
    CHECK(read_file(directory / "f").value() == "new");
    CHECK(mode_of(directory / "f") == 0644);
    CHECK(entries_in(directory.path()) == 1);
}

TEST_CASE("a reader that holds the old file keeps it whole")
{
    const TemporaryDirectory directory;
    REQUIRE(write_file(directory / "f", "old"));
    const Fd before(::open((directory / "f").c_str(), O_RDONLY | O_CLOEXEC));
    REQUIRE(write_file(directory / "f", "new"));
    char text[4] = {};
    CHECK(::read(before.get(), text, 3) == 3);
    CHECK(std::string(text) == "old");
}

TEST_CASE("a failed write leaves the old content and no temporary file")
{
    const TemporaryDirectory directory;
    std::filesystem::create_directory(directory / "taken");
    CHECK(write_file(directory / "taken", "x").error().kind == ErrorKind::conflict);
    CHECK(entries_in(directory.path()) == 1);
    CHECK(write_file(directory / "absent" / "f", "x").error().kind == ErrorKind::not_found);
}

TEST_CASE("reading tells what is wrong with the file")
{
    const TemporaryDirectory directory;
    const auto absent = read_file(directory / "absent");
    CHECK(absent.error().kind == ErrorKind::not_found);
    CHECK(absent.error().message.contains((directory / "absent").string()));
    CHECK(read_file(directory.path()).error().kind == ErrorKind::conflict);
    const auto file = directory.write("f", "12345");
    CHECK(read_file(file, 5).value() == "12345");
    CHECK(read_file(file, 4).error().kind == ErrorKind::invalid);
}

TEST_CASE("files whose size the system does not tell are read to their end")
{
    CHECK(read_file("/proc/self/status").value().contains("VmRSS"));
}

TEST_CASE("the tail of a file is its last bytes")
{
    const TemporaryDirectory directory;
    const auto file = directory.write("log", "0123456789");
    CHECK(read_tail(file, 3).value() == "789");
    CHECK(read_tail(file, 10).value() == "0123456789");
    CHECK(read_tail(file, 99).value() == "0123456789");
    CHECK(read_tail(file, 0).value().empty());
    CHECK(read_tail(directory / "absent", 3).error().kind == ErrorKind::not_found);
}

TEST_CASE("a directory is created with its parents and made private again when it exists")
{
    const TemporaryDirectory directory;
    REQUIRE(ensure_directory(directory / "a" / "b"));
    CHECK(mode_of(directory / "a") == 0700);
    CHECK(mode_of(directory / "a" / "b") == 0700);
    std::filesystem::permissions(directory / "a" / "b", std::filesystem::perms(0777));
    REQUIRE(ensure_directory(directory / "a" / "b"));
    CHECK(mode_of(directory / "a" / "b") == 0700);
    REQUIRE(ensure_directory(directory / "a" / "b" / "", 0755));
    CHECK(mode_of(directory / "a" / "b") == 0755);
}

TEST_CASE("a directory cannot be created over or under a file")
{
    const TemporaryDirectory directory;
    directory.write("f");
    CHECK(ensure_directory(directory / "f").error().kind == ErrorKind::conflict);
    CHECK(!ensure_directory(directory / "f" / "g"));
}

TEST_CASE("what a killed write has left beside a file can be removed, and nothing else is")
{
    const TemporaryDirectory directory;
    const std::vector<std::string> others = {"keys",  ".keys.2026",        ".keys.0123456789ag", ".other.0123456789ab",
                                             ".keys", "keys.0123456789ab", ".keys.0123456789abc"};
    for (const auto& name : others) directory.write(name);
    directory.write(".keys.0123456789ab");
    directory.write(".keys.ffffffffffff");
    REQUIRE(remove_unfinished_writes(directory / "keys").has_value());
    CHECK(entries_in(directory.path()) == others.size());
    for (const auto& name : others) CHECK(std::filesystem::exists(directory / name));
    CHECK(remove_unfinished_writes(directory / "nowhere" / "keys").has_value());
}

TEST_CASE("what cannot be looked at is not absent")
{
    const TemporaryDirectory directory;
    directory.write("file");
    std::filesystem::create_symlink("nowhere", directory / "link");
    CHECK(look_for(directory / "file").value());
    CHECK(look_for(directory / "link").value());
    CHECK_FALSE(look_for(directory / "none").value());
    CHECK_FALSE(look_for(directory / "file/below").value());
    CHECK_FALSE(look_for(directory / std::string(300, 'x')).has_value());
}
