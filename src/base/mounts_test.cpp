#include "base/mounts.hpp"

#include <doctest/doctest.h>

using namespace ramet;

namespace {

constexpr std::string_view mountinfo = "22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw\n"
                                       "30 22 0:25 / /data/env\\0401/golden rw - btrfs /dev/vdb rw\n"
                                       "31 22 254:0 /other /srv/bound rw - ext4 /dev/vda rw\n"
                                       "32 22 0:30 / /srv/tab\\011back\\134slash rw - tmpfs tmpfs rw\n";

}  // namespace

TEST_CASE("a mount at or beneath a folder is found by its real name")
{
    struct Case {
        std::string_view path, want;
    };
    const Case cases[] = {
        {"/data/env 1", "/data/env 1/golden"},
        {"/data/env 1/golden", "/data/env 1/golden"},
        {"/data/env 1/golden/x", ""},
        {"/data/env", ""},
        {"/srv/bou", ""},
        {"/srv", "/srv/bound"},
        {"/srv/tab\tback\\slash", "/srv/tab\tback\\slash"},
        {"/tmp/x", ""},
    };
    for (const auto& [path, want] : cases) {
        CAPTURE(path);
        CHECK(find_mount_beneath(mountinfo, path) == want);
    }
    CHECK(find_mount_beneath("", "/srv").empty());
    CHECK(find_mount_beneath("garbage\n1 2 3", "/srv").empty());
}
