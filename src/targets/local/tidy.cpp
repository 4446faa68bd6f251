#include "targets/local/tidy.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <vector>

namespace ramet::targets::local {

namespace {

std::vector<Path> entries_of(const Path& place, std::string_view prefix)
{
    std::vector<Path> entries;
    std::error_code problem;
    for (std::filesystem::directory_iterator entry(place, problem), end; !problem && entry != end;
         entry.increment(problem))
        if (entry->path().filename().string().starts_with(prefix)) entries.push_back(entry->path());
    return entries;
}

std::vector<Path> folders_in(const Path& place, std::string_view prefix)
{
    auto folders = entries_of(place, prefix);
    std::error_code ignored;
    std::erase_if(folders, [&](const Path& entry) { return !std::filesystem::is_directory(entry, ignored); });
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

Result<void> remove_unfinished(const Path& data_directory)
{
    for (const auto* place : {"environments", "builds/.references"})
        for (const auto& unfinished : entries_of(data_directory / place, ".")) TRY(remove_tree(unfinished));
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
