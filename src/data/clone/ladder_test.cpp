#include "data/clone/ladder.hpp"

#include "base/hash.hpp"
#include "data/clone/btrfs.hpp"
#include "support/loop_file_system.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/types.h>

#include <algorithm>
#include <fstream>

using namespace ramet;
using namespace ramet::data;
using ramet::testing::is_root;
using ramet::testing::LoopFileSystem;
using ramet::testing::skip;
using ramet::testing::TemporaryDirectory;

namespace {

constexpr Owner somebody{54321, 54322};
constexpr std::int64_t sparse_size = 16LL << 20;

void put(const Path& path, std::string_view content)
{
    std::ofstream(path, std::ios::binary) << content;
}

std::string pattern(std::size_t size)
{
    std::string text(size, '\0');
    std::uint32_t state = 7;
    for (auto& character : text) {
        state = state * 1664525U + 1013904223U;
        character = static_cast<char>(state >> 24U);
    }
    return text;
}

void put_sparse(const Path& path)
{
    const Fd file(::open(path.c_str(), O_WRONLY | O_CREAT, 0600));
    REQUIRE(::pwrite(file.get(), "middle", 6, 8LL << 20) == 6);
    REQUIRE(::ftruncate(file.get(), sparse_size) == 0);
}

/// Every sort of thing that a data directory holds.
Path make_tree(const Path& parent)
{
    const auto root = parent / "source";
    const auto made = create_cloneable(root);
    REQUIRE_MESSAGE(made.has_value(), made.error().message);
    REQUIRE(ensure_directory(root / "base/5", 0700).has_value());
    REQUIRE(ensure_directory(root / "pg_wal", 0750).has_value());
    REQUIRE(ensure_directory(root / "empty", 0700).has_value());
    put(root / "PG_VERSION", "15\n");
    put(root / "nothing", "");
    put(root / "base/5/16384", pattern(3U << 20U));
    put_sparse(root / "base/5/sparse");
    for (int index = 0; index < 200; ++index) put(root / fmt::format("base/5/{}", index), pattern(8192));
    REQUIRE(::symlink("../PG_VERSION", (root / "base/version").c_str()) == 0);
    REQUIRE(::chmod((root / "PG_VERSION").c_str(), 0640) == 0);
    return root;
}

/// Names, types, modes and contents of everything in the tree; not its owners.
std::string checksum(const Path& root)
{
    const auto opened = open_directory(root);
    REQUIRE(opened.has_value());
    auto entries = list_tree(*opened, root).value();
    std::ranges::sort(entries, {}, &TreeEntry::path);
    Sha256 hash;
    for (const auto& entry : entries) {
        struct stat status{};
        REQUIRE(::lstat((root / entry.path).c_str(), &status) == 0);
        hash.update(fmt::format("{} {:o} ", entry.path, static_cast<unsigned>(status.st_mode)));
        if (entry.type == EntryType::file) hash.update(read_file(root / entry.path, 128U << 20U).value());
        if (entry.type == EntryType::link) hash.update(std::filesystem::read_symlink(root / entry.path).string());
    }
    return hash.hex();
}

std::vector<Owner> owners_in(const Path& root)
{
    std::vector<Owner> owners;
    const auto opened = open_directory(root);
    REQUIRE(opened.has_value());
    const auto entries = list_tree(*opened, root);
    for (const auto& entry : entries.value()) {
        struct stat status{};
        REQUIRE(::lstat((root / entry.path).c_str(), &status) == 0);
        const Owner owner{status.st_uid, status.st_gid};
        if (std::ranges::find(owners, owner) == owners.end()) owners.push_back(owner);
    }
    return owners;
}

void overwrite(const Path& path, std::string_view bytes)
{
    const Fd file(::open(path.c_str(), O_WRONLY));
    REQUIRE(::pwrite(file.get(), bytes.data(), bytes.size(), 100) == static_cast<ssize_t>(bytes.size()));
}

/// What every method owes, on whatever file system.
void check_contract(const Path& parent, CloneMethod method)
{
    CAPTURE(to_string(method));
    const auto source = make_tree(parent);
    const auto before = checksum(source);
    const auto destination = parent / "copy";
    const auto made = clone_tree({.source = source, .destination = destination, .owner = somebody, .only = method});
    REQUIRE_MESSAGE(made.has_value(), made.error().message);

    CHECK(made->method == method);
    CHECK(made->files == 204);
    CHECK((made->bytes_copied > 0) == (method == CloneMethod::copy));
    CHECK(made->bytes_copied < sparse_size / 2);
    CHECK(checksum(destination) == before);
    CHECK(owners_in(destination) == std::vector{somebody});

    overwrite(destination / "base/5/16384", "only in the copy");
    CHECK(checksum(source) == before);
    const auto changed = checksum(destination);
    overwrite(source / "base/5/7", "only in the source");
    if (method != CloneMethod::overlay) CHECK(checksum(destination) == changed);

    REQUIRE(remove_clone(destination).has_value());
    CHECK_FALSE(std::filesystem::exists(destination));
    CHECK(remove_clone(destination).has_value());
    REQUIRE(remove_clone(source).has_value());
    CHECK(std::filesystem::is_empty(parent) == true);
}

}  // namespace

TEST_CASE("each clone method gives an independent, equal copy with another owner")
{
    if (!is_root()) return skip("loop devices need root");
    struct Case {
        std::string type;
        std::int64_t size;
        std::vector<CloneMethod> methods;
    };
    const Case cases[] = {
        {"ext4", 256, {CloneMethod::copy}},
        {"xfs", 512, {CloneMethod::reflink, CloneMethod::overlay, CloneMethod::copy}},
        {"btrfs", 512, {CloneMethod::btrfs_snapshot, CloneMethod::reflink, CloneMethod::overlay, CloneMethod::copy}},
    };
    for (const auto& [type, size, methods] : cases) {
        CAPTURE(type);
        const LoopFileSystem system(type, size);
        const auto folder = system.path() / "folder";
        for (const auto method : methods) {
            REQUIRE(ensure_directory(folder).has_value());
            check_contract(folder, method);
        }
    }
}

TEST_CASE("the ladder takes the best method that works, found out by doing it")
{
    if (!is_root()) return skip("loop devices need root");
    struct Case {
        std::string type;
        CloneMethod best;
    };
    const Case cases[] = {
        {"ext4", CloneMethod::copy}, {"xfs", CloneMethod::reflink}, {"btrfs", CloneMethod::btrfs_snapshot}};
    for (const auto& [type, best] : cases) {
        CAPTURE(type);
        const LoopFileSystem system(type, 512);
        const auto folder = system.path() / "folder";
        REQUIRE(ensure_directory(folder).has_value());
        CHECK(probe_methods(folder).value().front() == best);
        CHECK(std::filesystem::is_empty(folder));

        const auto source = make_tree(folder);
        const auto made = clone_tree({.source = source, .destination = folder / "copy"});
        REQUIRE_MESSAGE(made.has_value(), made.error().message);
        CHECK(made->method == best);
        CHECK(is_instant(best) == (best != CloneMethod::copy));
    }
}

TEST_CASE("on btrfs a plain directory falls to shared blocks")
{
    if (!is_root()) return skip("loop devices need root");
    const LoopFileSystem system("btrfs", 256);
    REQUIRE(ensure_directory(system.path() / "plain").has_value());
    put(system.path() / "plain/file", "content");
    const auto made = clone_tree({.source = system.path() / "plain", .destination = system.path() / "copy"});
    REQUIRE(made.has_value());
    CHECK(made->method == CloneMethod::reflink);
}

TEST_CASE("a method that cannot be is refused in words and leaves nothing")
{
    const TemporaryDirectory folder;
    const auto source = make_tree(folder.path());
    for (const auto method : {CloneMethod::btrfs_snapshot, CloneMethod::reflink, CloneMethod::overlay}) {
        CAPTURE(to_string(method));
        // The root of this machine may share blocks itself; then there is nothing to refuse.
        const auto methods = probe_methods(folder.path()).value();
        if (std::ranges::find(methods, method) != methods.end()) continue;
        const auto made = clone_tree({.source = source, .destination = folder.path() / "copy", .only = method});
        REQUIRE_FALSE(made.has_value());
        CHECK(made.error().kind == ErrorKind::refused);
        CHECK(made.error().message.contains(to_string(method)));
        CHECK_FALSE(std::filesystem::exists(folder.path() / "copy"));
    }
}

TEST_CASE("links that leave the tree and tablespaces are refused, others are copied as links")
{
    struct Case {
        std::string story, link, target, words;
    };
    const Case cases[] = {
        {"a tablespace", "pg_tblspc/16500", "/srv/fast", "tablespace"},
        {"an absolute link", "base/out", "/etc", "leaves it"},
        {"a relative link out of the tree", "base/out", "../../other", "leaves it"},
        {"a relative link inside", "base/in", "../PG_VERSION", ""},
    };
    for (const auto& [story, link, target, words] : cases) {
        CAPTURE(story);
        const TemporaryDirectory folder;
        const auto source = folder.path() / "source";
        REQUIRE(ensure_directory(source / "base").has_value());
        REQUIRE(ensure_directory(source / "pg_tblspc").has_value());
        put(source / "PG_VERSION", "15\n");
        REQUIRE(::symlink(target.c_str(), (source / link).c_str()) == 0);
        const auto made = clone_tree({.source = source, .destination = folder.path() / "copy"});
        CHECK(made.has_value() == words.empty());
        CHECK(std::filesystem::exists(folder.path() / "copy") == words.empty());
        if (made) continue;
        CHECK(made.error().kind == ErrorKind::refused);
        CHECK(made.error().message.contains(words));
        CHECK(made.error().evidence.contains(target));
    }
}

TEST_CASE("a tree with a pipe in it is refused, and can be removed all the same")
{
    const TemporaryDirectory folder;
    const auto source = make_tree(folder.path());
    REQUIRE(::mkfifo((source / "base/pipe").c_str(), 0600) == 0);
    const auto made = clone_tree({.source = source, .destination = folder.path() / "copy"});
    REQUIRE_FALSE(made.has_value());
    CHECK(made.error().kind == ErrorKind::refused);
    CHECK(made.error().evidence.contains("base/pipe"));
    CHECK(remove_clone(source).has_value());
    CHECK(std::filesystem::is_empty(folder.path()));
}

TEST_CASE("a clone is never put over something, and needs a source")
{
    const TemporaryDirectory folder;
    const auto source = make_tree(folder.path());
    REQUIRE(ensure_directory(folder.path() / "there").has_value());
    put(folder.path() / "there/precious", "data");
    const auto over = clone_tree({.source = source, .destination = folder.path() / "there"});
    REQUIRE_FALSE(over.has_value());
    CHECK(over.error().kind == ErrorKind::conflict);
    CHECK(read_file(folder.path() / "there/precious").value() == "data");

    const auto from_nothing = clone_tree({.source = folder.path() / "no", .destination = folder.path() / "copy"});
    REQUIRE_FALSE(from_nothing.has_value());
    CHECK(from_nothing.error().kind == ErrorKind::not_found);
}

TEST_CASE("a full disk is an error, and the half-made copy is gone")
{
    if (!is_root()) return skip("loop devices need root");
    const TemporaryDirectory outside;
    const auto source = make_tree(outside.path());
    put(source / "large", pattern(40U << 20U));
    const LoopFileSystem system("ext4", 32);
    const auto made = clone_tree({.source = source, .destination = system.path() / "copy"});
    REQUIRE_FALSE(made.has_value());
    CHECK(made.error().kind == ErrorKind::unavailable);
    CHECK_FALSE(std::filesystem::exists(system.path() / "copy"));
}

TEST_CASE("cloning ends soon when it is asked to stop")
{
    const TemporaryDirectory folder;
    const auto source = make_tree(folder.path());
    std::stop_source stop;
    stop.request_stop();
    const auto made = clone_tree({.source = source, .destination = folder.path() / "copy", .stop = stop.get_token()});
    REQUIRE_FALSE(made.has_value());
    CHECK(made.error().kind == ErrorKind::cancelled);
    CHECK_FALSE(std::filesystem::exists(folder.path() / "copy"));
}

TEST_CASE("a read-only snapshot can be cloned and removed")
{
    if (!is_root()) return skip("loop devices need root");
    const LoopFileSystem system("btrfs", 256);
    const auto golden = system.path() / "golden";
    REQUIRE(btrfs::create_subvolume(golden).has_value());
    put(golden / "file", "content");
    REQUIRE(btrfs::set_access(golden, btrfs::Access::read_only).has_value());
    CHECK_FALSE(std::ofstream(golden / "file").is_open());

    REQUIRE(clone_tree({.source = golden, .destination = system.path() / "copy", .owner = somebody}).has_value());
    CHECK(read_file(system.path() / "copy/file").value() == "content");
    put(system.path() / "copy/file", "changed");
    CHECK(read_file(golden / "file").value() == "content");
    CHECK(remove_clone(golden).has_value());
    CHECK_FALSE(std::filesystem::exists(golden));
}
