#pragma once

#include "base/subprocess.hpp"
#include "support/temporary.hpp"

#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <ostream>
#include <string>

#include <doctest/doctest.h>

namespace ramet::testing {

/// Says that a test did not run; a failure under CI=true, where everything must run.
inline void skip(std::string_view reason)
{
    const auto* ci = std::getenv("CI");
    if (ci != nullptr && std::string_view(ci) == "true")
        FAIL("skipped: " << std::string(reason));
    else
        MESSAGE("skipped: " << std::string(reason));
}

inline bool is_root()
{
    return ::geteuid() == 0;
}

/// A file system of its own in a sparse file, mounted by a loop device that goes away with the mount. Root only.
class LoopFileSystem {
public:
    LoopFileSystem(const std::string& type, std::int64_t size_mebibytes)
    {
        const auto image = (folder_.path() / "image").string();
        std::ofstream(image).close();
        std::filesystem::resize_file(image, static_cast<std::uintmax_t>(size_mebibytes) << 20U);
        make(type, image);
        REQUIRE(ensure_directory(path(), 0755).has_value());
        const auto mounted = run_checked({{"mount", "-t", type, "-o", "loop", image, path().string()}});
        REQUIRE_MESSAGE(mounted.has_value(), mounted.error().evidence);
        ::chmod(folder_.path().c_str(), 0755);
    }
    LoopFileSystem(const LoopFileSystem&) = delete;
    LoopFileSystem& operator=(const LoopFileSystem&) = delete;
    ~LoopFileSystem()
    {
        if (::umount2(path().c_str(), 0) != 0) MESSAGE("could not unmount " << path().string());
    }

    Path path() const { return folder_.path() / "mounted"; }

private:
    static void make(const std::string& type, const std::string& image)
    {
        auto command = std::vector<std::string>{"mkfs." + type, "-q"};
        if (type == "xfs") command.insert(command.end(), {"-m", "reflink=1"});
        if (type == "ext4") command.push_back("-F");
        command.push_back(image);
        const auto made = run_checked({command});
        REQUIRE_MESSAGE(made.has_value(), made.error().evidence);
    }

    TemporaryDirectory folder_;
};

}  // namespace ramet::testing
