#include "shim/control_group.hpp"

#include "shim/files.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <string_view>

namespace ramet::shim {
namespace {

/// Where the unified tree is mounted: alone, or beside the old controllers.
std::string unified_root()
{
    for (const std::string root : {"/sys/fs/cgroup", "/sys/fs/cgroup/unified"})
        if (::access((root + "/cgroup.procs").c_str(), F_OK) == 0 &&
            ::access((root + "/cgroup.controllers").c_str(), F_OK) == 0)
            return root;
    return {};
}

/// The line "0::/path" of /proc/self/cgroup.
std::string own_group()
{
    const auto text = read_text("/proc/self/cgroup");
    auto at = text.starts_with("0::") ? 0 : text.find("\n0::");
    if (at == std::string::npos) return {};
    if (text[at] == '\n') ++at;
    return text.substr(at + 3, text.find('\n', at) - at - 3);
}

}  // namespace

ControlGroup ControlGroup::make_own(const std::string& name)
{
    const auto root = unified_root();
    if (root.empty()) return {};
    const auto own = own_group();
    return ControlGroup(root + (own == "/" ? "" : own)).make_child(name);
}

ControlGroup ControlGroup::make_child(const std::string& name) const
{
    if (!exists()) return {};
    const auto folder = folder_ + "/" + name;
    if (::mkdir(folder.c_str(), 0755) != 0 && errno != EEXIST) return {};
    // Older kernels have no cgroup.kill: without it a group is of no use here.
    if (::access((folder + "/cgroup.kill").c_str(), W_OK) == 0) return ControlGroup(folder);
    ::rmdir(folder.c_str());
    return {};
}

void ControlGroup::kill() const
{
    if (exists()) write_text(folder_ + "/cgroup.kill", "1");
}

bool ControlGroup::is_empty() const
{
    if (!exists()) return true;
    const auto events = look_into(folder_ + "/cgroup.events");
    return events && !events->contains("populated 1");
}

bool ControlGroup::remove()
{
    const bool is_gone = !exists() || ::rmdir(folder_.c_str()) == 0 || errno == ENOENT;
    folder_.clear();
    return is_gone;
}

}  // namespace ramet::shim
