#include "targets/local/tidy.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <vector>

namespace ramet::targets::local {

namespace {

std::vector<Path> folders_in(const Path& place, std::string_view prefix)
{
    std::vector<Path> folders;
    std::error_code problem;
    for (std::filesystem::directory_iterator entry(place, problem), end; !problem && entry != end;
         entry.increment(problem)) {
        std::error_code ignored;
        if (entry->path().filename().string().starts_with(prefix) && entry->is_directory(ignored))
            folders.push_back(entry->path());
    }
    return folders;
}

bool is_older(const Path& folder, Milliseconds age)
{
    struct stat status{};
    if (::stat(folder.c_str(), &status) != 0) return false;
    SystemClock clock;
    return clock.now() - Time(std::chrono::seconds(status.st_mtim.tv_sec)) > age;
}

}  // namespace

Result<void> remove_unfinished_homes(const Path& data_directory)
{
    for (const auto& folder : folders_in(data_directory / "environments", ".")) TRY(remove_tree(folder));
    return {};
}

void remove_empty_control_groups(Milliseconds age)
{
    for (const Path root : {"/sys/fs/cgroup", "/sys/fs/cgroup/unified"})
        for (const auto& group : folders_in(root, "ramet-")) {
            if (!is_older(group, age)) continue;
            for (const auto& child : folders_in(group, "r")) ::rmdir(child.c_str());
            ::rmdir(group.c_str());
        }
}

}  // namespace ramet::targets::local
