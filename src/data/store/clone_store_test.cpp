#include "data/store/clone_store.hpp"

#include "support/loop_file_system.hpp"

#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/mount.h>

#include <chrono>
#include <fstream>
#include <thread>

using namespace ramet;
using namespace ramet::data;
using ramet::testing::is_root;
using ramet::testing::LoopFileSystem;
using ramet::testing::skip;
using ramet::testing::TemporaryDirectory;

namespace {

constexpr StoreInit small{.size_bytes = 512LL << 20};

/// A store that is unmounted at the end of the test, whatever happened in it.
struct StoreInTest {
    StoreInTest() = default;
    StoreInTest(const StoreInTest&) = delete;
    StoreInTest& operator=(const StoreInTest&) = delete;
    ~StoreInTest() { ::umount2(paths.root().c_str(), 0); }

    TemporaryDirectory folder;
    StorePaths paths{folder.path() / "data"};
};

std::string loop_devices()
{
    return run_checked({{"losetup", "--list", "--noheadings", "--output", "BACK-FILE"}}).value();
}

std::uint32_t copy_on_write_hint(const Path& path)
{
    const Fd file(::open(path.c_str(), O_RDONLY));
    fsxattr attributes{};
    REQUIRE(::ioctl(file.get(), FS_IOC_FSGETXATTR, &attributes) == 0);
    return attributes.fsx_cowextsize;
}

bool root_shares_blocks()
{
    const TemporaryDirectory folder;
    return is_instant(probe_methods(folder.path()).value().front());
}

/// The kernel lets go of a device a moment after its last user, who may be anybody that lists devices.
bool is_let_go(const Path& image)
{
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (loop_devices().contains(image.string())) {
        if (std::chrono::steady_clock::now() > deadline) return false;
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    return true;
}

}  // namespace

TEST_CASE("a store can be made, is found again after a reboot, and leaves neither mount nor loop device")
{
    if (!is_root()) return skip("mounting needs root");
    if (root_shares_blocks()) return skip("/tmp shares blocks itself");
    const StoreInTest store;
    const auto made = init_store(store.paths, small);
    REQUIRE_MESSAGE(made.has_value(), made.error().message << made.error().evidence);
    CHECK(made->kind == StoreKind::image);
    CHECK(made->method == CloneMethod::reflink);
    CHECK(made->size_bytes > 300LL << 20);
    CHECK(made->free_bytes > 200LL << 20);
    std::ofstream(store.paths.goldens() / "file") << "kept";
    CHECK(copy_on_write_hint(store.paths.goldens() / "file") == 8192);
    CHECK(std::filesystem::exists(store.paths.image()));

    // What a reboot does.
    REQUIRE(::umount2(store.paths.root().c_str(), 0) == 0);
    CHECK(is_let_go(store.paths.image()));
    REQUIRE(ensure_store(store.paths).has_value());
    CHECK(read_file(store.paths.goldens() / "file").value() == "kept");
    CHECK(ensure_store(store.paths).has_value());
    CHECK(init_store(store.paths, small)->kind == StoreKind::image);

    REQUIRE(remove_store(store.paths).has_value());
    CHECK_FALSE(std::filesystem::exists(store.paths.image()));
    CHECK(is_let_go(store.paths.image()));
    CHECK(remove_store(store.paths).has_value());
    CHECK(get_store_status(store.paths)->kind == StoreKind::plain);
}

TEST_CASE("a store with databases is not removed, and one in use is not covered")
{
    if (!is_root()) return skip("mounting needs root");
    if (root_shares_blocks()) return skip("/tmp shares blocks itself");
    const StoreInTest store;
    REQUIRE(ensure_store(store.paths).has_value());
    std::ofstream(store.paths.databases() / "db") << "data";
    const auto covered = init_store(store.paths, small);
    REQUIRE_FALSE(covered.has_value());
    CHECK(covered.error().kind == ErrorKind::conflict);
    CHECK_FALSE(std::filesystem::exists(store.paths.image()));

    std::filesystem::remove(store.paths.databases() / "db");
    REQUIRE(init_store(store.paths, small).has_value());
    std::ofstream(store.paths.databases() / "db") << "data";
    const auto removed = remove_store(store.paths);
    REQUIRE_FALSE(removed.has_value());
    CHECK(removed.error().kind == ErrorKind::conflict);
    CHECK(read_file(store.paths.databases() / "db").value() == "data");
    std::filesystem::remove(store.paths.databases() / "db");
    CHECK(remove_store(store.paths).has_value());
}

TEST_CASE("where blocks can be shared already there is nothing to make")
{
    if (!is_root()) return skip("mounting needs root");
    const LoopFileSystem system("btrfs", 256);
    const StorePaths paths{system.path() / "data"};
    const auto made = init_store(paths, small);
    REQUIRE(made.has_value());
    CHECK(made->kind == StoreKind::plain);
    CHECK(made->method == CloneMethod::btrfs_snapshot);
    CHECK_FALSE(std::filesystem::exists(paths.image()));
}

TEST_CASE("a store that cannot be made is refused in words and leaves nothing")
{
    if (!is_root()) return skip("mounting needs root");
    if (root_shares_blocks()) return skip("/tmp shares blocks itself");
    const StoreInTest store;
    const auto made = init_store(store.paths, {.size_bytes = 10LL << 20});
    REQUIRE_FALSE(made.has_value());
    CHECK(made.error().kind == ErrorKind::refused);
    CHECK(made.error().message.contains("300 MiB"));
    CHECK_FALSE(std::filesystem::exists(store.paths.image()));
    CHECK(get_store_status(store.paths)->kind == StoreKind::plain);
}

TEST_CASE("an image that is damaged is an error, and is not thrown away")
{
    if (!is_root()) return skip("mounting needs root");
    const StoreInTest store;
    REQUIRE(ensure_store(store.paths).has_value());
    std::ofstream(store.paths.image()) << "not a file system";
    const auto mounted = ensure_store(store.paths);
    REQUIRE_FALSE(mounted.has_value());
    CHECK(mounted.error().message.contains("mounting"));
    CHECK(std::filesystem::exists(store.paths.image()));
    CHECK(is_let_go(store.paths.image()));
}
