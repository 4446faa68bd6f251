#include "shim/sandbox.hpp"

#include "shim/files.hpp"

#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <string_view>

namespace ramet::shim {
namespace {

/// A detached copy of a mount, made before anything is covered, put at its place afterwards.
struct Piece {
    Fd mount;
    std::string place;
};

Fd copy_mount(const std::string& source, std::uint64_t attributes)
{
    Fd copy(::open_tree(AT_FDCWD, source.c_str(), OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE));
    if (!copy) return copy;
    mount_attr wanted{};
    wanted.attr_set = attributes;
    if (::mount_setattr(copy.get(), "", AT_EMPTY_PATH | AT_RECURSIVE, &wanted, sizeof wanted) != 0) return {};
    return copy;
}

bool put(const Piece& piece)
{
    return ::move_mount(piece.mount.get(), "", AT_FDCWD, piece.place.c_str(), MOVE_MOUNT_F_EMPTY_PATH) == 0;
}

bool is_beneath(std::string_view path, std::string_view folder)
{
    return path.starts_with(folder) && (path.size() == folder.size() || path[folder.size()] == '/');
}

/// Lets go of mounts beneath `folder` that this view inherited: another environment's file system could else not be
/// unmounted as long as this program runs.
void detach_mounts(const std::string& folder)
{
    const auto table = read_text("/proc/self/mountinfo");
    std::string_view rest = table;
    while (!rest.empty()) {
        auto line = rest.substr(0, rest.find('\n'));
        rest.remove_prefix(std::min(rest.size(), line.size() + 1));
        for (int field = 0; field < 4; ++field) line.remove_prefix(std::min(line.size(), line.find(' ') + 1));
        const std::string place(line.substr(0, line.find(' ')));
        if (is_beneath(place, folder)) ::umount2(place.c_str(), MNT_DETACH | UMOUNT_NOFOLLOW);
    }
}

struct Pieces {
    std::vector<Piece> over;     ///< of the machine's files and directories
    std::vector<Piece> beneath;  ///< back into the hidden directory
};

bool collect(const std::vector<std::string>& paths, std::uint64_t attributes, std::vector<Piece>& into)
{
    for (const auto& path : paths) {
        into.push_back({copy_mount(path, attributes), path});
        if (!into.back().mount) return false;
    }
    return true;
}

bool collect_all(const Sandbox& sandbox, Pieces& pieces)
{
    constexpr std::uint64_t plain = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV;
    for (const auto& cover : sandbox.covers) {
        pieces.over.push_back({copy_mount(cover.source, plain), cover.place});
        if (!pieces.over.back().mount) return false;
    }
    return collect(sandbox.read_only, plain | MOUNT_ATTR_RDONLY, pieces.beneath) &&
           collect(sandbox.writable, plain, pieces.beneath);
}

bool hide(const std::string& hidden, const std::string& cover, const std::vector<Piece>& beneath)
{
    detach_mounts(hidden);
    if (!make_folders(cover)) return false;
    if (::mount("ramet", cover.c_str(), "tmpfs", MS_NOSUID | MS_NODEV, "mode=0755,size=64k,nr_inodes=512") != 0)
        return false;
    for (const auto& piece : beneath)
        if (!make_folders(piece.place) || !put(piece)) return false;
    return ::mount(nullptr, cover.c_str(), nullptr, MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID | MS_NODEV, nullptr) ==
           0;
}

}  // namespace

std::string find_cover_place(const std::string& path)
{
    for (std::size_t at = 1; at < path.size(); ++at) {
        if (path[at] != '/') continue;
        struct stat status{};
        const auto ancestor = path.substr(0, at);
        if (::stat(ancestor.c_str(), &status) == 0 && (status.st_mode & S_IXOTH) == 0) return ancestor;
    }
    return path;
}

bool enter_view(const Sandbox& sandbox, const char*& stage)
{
    stage = "a mount namespace of its own";
    if (::unshare(CLONE_NEWNS | CLONE_NEWIPC) != 0) return false;
    if (::mount(nullptr, "/", nullptr, MS_SLAVE | MS_REC, nullptr) != 0) return false;
    stage = "collecting what it may see";
    Pieces pieces;
    // Before anything is covered: it is about the machine's own folders.
    const auto cover = find_cover_place(sandbox.hidden);
    if (!collect_all(sandbox, pieces)) return false;
    stage = "a /dev/shm of its own";
    if (::mount("ramet", "/dev/shm", "tmpfs", MS_NOSUID | MS_NODEV, "mode=1777") != 0) return false;
    stage = "putting its files over the machine's";
    for (const auto& piece : pieces.over)
        if (!put(piece)) return false;
    stage = "hiding the data directory";
    return sandbox.hidden.empty() || hide(sandbox.hidden, cover, pieces.beneath);
}

bool become_user(const Sandbox& sandbox, const char*& stage)
{
    stage = "giving up privileges";
    if (::geteuid() == 0) {
        const gid_t group = sandbox.gid;
        if (::setgroups(1, &group) != 0 || ::setresgid(group, group, group) != 0) return false;
        if (::setresuid(sandbox.uid, sandbox.uid, sandbox.uid) != 0) return false;
    }
    return ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0;
}

}  // namespace ramet::shim
