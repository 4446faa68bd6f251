#include "targets/local/marks.hpp"

#include "support/temporary.hpp"

#include <doctest/doctest.h>

#include <filesystem>

using namespace ramet;
using namespace ramet::targets::local;

namespace {

engine::ResourceRef job(const std::string& nonce = "nonce-1")
{
    engine::ResourceRef ref;
    ref.kind = "local.job";
    ref.path = "job/migrate";
    ref.name = "migrate";
    ref.mark = {"install-1", engine::OwnerId("e-1"), nonce};
    return ref;
}

}  // namespace

TEST_CASE("a directory whose removal was cut off behind its mark is made again, and removed, as if it were not there")
{
    testing::TemporaryDirectory root;
    const auto directory = root.path() / "migrate";
    REQUIRE(ensure_marked_directory(directory, job()).has_value());
    std::filesystem::remove(directory / "mark.json");
    CHECK(probe_marked_directory(directory, job())->presence == engine::Presence::ours);
    REQUIRE(ensure_marked_directory(directory, job()).has_value());
    CHECK(find_mark(directory / "mark.json").value().has_value());
    std::filesystem::remove(directory / "mark.json");
    REQUIRE(remove_marked_directory(directory, job()).has_value());
    CHECK(names_in(root.path()).value().empty());
    CHECK(remove_marked_directory(directory, job()).has_value());
}

TEST_CASE("a directory of somebody else is neither taken nor removed")
{
    testing::TemporaryDirectory root;
    const auto directory = root.path() / "migrate";
    for (const bool is_marked : {false, true}) {
        CAPTURE(is_marked);
        if (is_marked)
            REQUIRE(ensure_marked_directory(directory, job("nonce-2")).has_value());
        else
            REQUIRE(ensure_directory(directory, 0700).has_value());
        REQUIRE(write_file(directory / "theirs", "precious", 0600).has_value());
        CHECK(probe_marked_directory(directory, job())->presence == engine::Presence::foreign);
        CHECK(ensure_marked_directory(directory, job()).error().kind == ErrorKind::conflict);
        CHECK(remove_marked_directory(directory, job()).error().kind == ErrorKind::conflict);
        CHECK(read_file(directory / "theirs") == "precious");
        REQUIRE(remove_tree(directory).has_value());
    }
}
