#include "data/snapshot/snapshot.hpp"

#include "data/clone/private_bytes.hpp"
#include "support/loop_file_system.hpp"

#include <unistd.h>

#include <fstream>

using namespace ramet;
using namespace ramet::data;
using namespace ramet::testing;

namespace {

void put(const Path& path, std::size_t size)
{
    std::ofstream(path, std::ios::binary) << std::string(size, 'x');
}

Snapshot some_snapshot()
{
    return {.version = "15",
            .schema_hash = "abc",
            .method = "reflink",
            .made_at = Time{} + Milliseconds(5'000),
            .bytes_copied = 7};
}

Path folder_with_data(const Path& parent)
{
    const auto folder = parent / "snapshot";
    REQUIRE(ensure_directory(snapshot_data(folder)).has_value());
    put(snapshot_data(folder) / "16384", 10'000);
    return folder;
}

}  // namespace

TEST_CASE("a snapshot is there from its record on, and gone with it")
{
    const TemporaryDirectory parent;
    const auto folder = folder_with_data(parent.path());
    CHECK_FALSE(find_snapshot(folder)->has_value());
    const auto made = publish_snapshot(folder, some_snapshot());
    REQUIRE(made.has_value());
    CHECK(made->size_bytes == 10'000);
    const auto found = find_snapshot(folder).value().value();
    CHECK(found.made_at == some_snapshot().made_at);
    CHECK(found.schema_hash == "abc");
    CHECK(found.method == "reflink");
    CHECK(found.bytes_copied == 7);
    CHECK(found.size_bytes == 10'000);
    CHECK(found.directory == snapshot_data(folder));
    for (int time = 0; time < 2; ++time) CHECK(remove_snapshot(folder).has_value());
    CHECK_FALSE(find_snapshot(folder)->has_value());
    CHECK_FALSE(std::filesystem::exists(snapshot_data(folder)));
}

TEST_CASE("a damaged record is told and never taken for a snapshot")
{
    const TemporaryDirectory parent;
    const auto folder = folder_with_data(parent.path());
    for (const auto* text : {"", "{", "[]", R"({"version":"15"})", R"({"version":"","made_at":"2026-01-01T00:00:00Z"})",
                             R"({"version":"15","made_at":"yesterday"})"}) {
        CAPTURE(text);
        REQUIRE(write_file(folder / "snapshot.json", text).has_value());
        const auto found = find_snapshot(folder);
        REQUIRE_FALSE(found.has_value());
        CHECK(found.error().kind == ErrorKind::integrity);
    }
}

TEST_CASE("of a tree counts as its own what nothing else shares")
{
    const TemporaryDirectory plain;
    put(plain.path() / "one", 100'000);
    const auto bytes = measure_tree(plain.path());
    REQUIRE(bytes.has_value());
    CHECK(bytes->length == 100'000);
    CHECK(measure_tree(plain.path() / "nowhere").error().kind == ErrorKind::not_found);
    if (!is_root()) return skip("loop devices need root");
    for (const auto* type : {"xfs", "btrfs"}) {
        CAPTURE(type);
        const LoopFileSystem system(type, 512);
        const auto source = system.path() / "source";
        REQUIRE(ensure_directory(source).has_value());
        put(source / "large", 4U << 20U);
        REQUIRE(clone_tree({.source = source, .destination = system.path() / "copy"}).has_value());
        const auto opened = open_directory(system.path());
        REQUIRE(::syncfs(opened->get()) == 0);
        CHECK(measure_tree(system.path() / "copy")->own == 0);
        CHECK(measure_tree(system.path() / "copy")->length == 4 << 20);
        put(source / "large", 4U << 20U);
        REQUIRE(::syncfs(opened->get()) == 0);
        CHECK(measure_tree(system.path() / "copy")->own >= 4 << 20);
    }
}
