#include "data/clone/ladder.hpp"

#include "base/random.hpp"
#include "data/clone/btrfs.hpp"
#include "data/clone/file_copy.hpp"
#include "data/clone/overlay.hpp"
#include "data/clone/tree_clone.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

namespace ramet::data {
namespace {

Result<CloneResult> clone_by_snapshot(const CloneRequest& request)
{
    if (!btrfs::is_subvolume(request.source))
        return fail(ErrorKind::refused, "{} is no btrfs subvolume", request.source.string());
    const auto from = TRY(open_directory(request.source));
    const auto entries = TRY(list_tree(from, request.source));
    TRY(check_entries(from, request.source, entries));
    TRY(btrfs::snapshot(request.source, request.destination, btrfs::Access::writable));
    if (request.owner) TRY(change_owner(request.destination, *request.owner, request.threads));
    return CloneResult{CloneMethod::btrfs_snapshot, 0, std::ranges::count(entries, EntryType::file, &TreeEntry::type)};
}

Result<CloneResult> clone_by(CloneMethod method, const CloneRequest& request)
{
    switch (method) {
    case CloneMethod::btrfs_snapshot: return clone_by_snapshot(request);
    case CloneMethod::reflink: return clone_files(request, FileTransfer::share);
    case CloneMethod::overlay: return overlay::clone(request);
    case CloneMethod::copy: return clone_files(request, FileTransfer::copy);
    }
    return fail(ErrorKind::internal, "unknown method of cloning");
}

/// A link or tablespace is refused by every method: asking the next one would only lose the reason.
bool is_about_the_tree(const Error& error)
{
    return !error.evidence.empty();
}

Result<CloneResult> try_method(CloneMethod method, const CloneRequest& request)
{
    auto made = clone_by(method, request);
    if (made) return made;
    const auto context = fmt::format("cloning by {}", to_string(method));
    auto removed = remove_clone(request.destination);
    if (removed) return fail_in(std::move(made).error(), context);
    // It is in the way of the next method, and of the next attempt: that it could not be removed is what matters now.
    removed.error().evidence += fmt::format("\nwhat was half made was to be removed, as {}", made.error().message);
    if (removed.error().next_step.empty()) removed.error().next_step = made.error().next_step;
    return fail_in(std::move(removed).error(), context);
}

Result<void> check_request(const CloneRequest& request)
{
    if (!TRY(look_for(request.source)))
        return fail(ErrorKind::not_found, "there is no {} to clone", request.source.string());
    if (TRY(look_for(request.destination)))
        return fail(ErrorKind::conflict, "{} exists: a clone is never put over something",
                    request.destination.string());
    return {};
}

/// Two small files: do they share blocks?
Result<bool> can_share(const Path& folder)
{
    const auto make = [](const Path& path) {
        return Fd(::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    };
    const auto one = make(folder / "one");
    const auto other = make(folder / "other");
    if (!one || !other) return std::unexpected(os_error("probing", folder));
    const std::array<char, 4096> block{};
    if (::write(one.get(), block.data(), block.size()) < 0) return std::unexpected(os_error("probing", folder));
    return TRY(share_blocks(one, other, folder)) == ShareResult::shared;
}

Result<bool> can_snapshot(const Path& folder)
{
    const auto source = folder / "source";
    const auto made = btrfs::create_subvolume(source);
    if (!made) return false;
    const auto copied = btrfs::snapshot(source, folder / "snapshot", btrfs::Access::writable);
    TRY(remove_clone(folder / "snapshot"));
    TRY(remove_clone(source));
    return copied.has_value();
}

Result<std::vector<CloneMethod>> probe_in(const Path& folder)
{
    std::vector<CloneMethod> methods;
    if (TRY(can_snapshot(folder))) methods.push_back(CloneMethod::btrfs_snapshot);
    if (TRY(can_share(folder))) methods.push_back(CloneMethod::reflink);
    methods.push_back(CloneMethod::copy);
    return methods;
}

}  // namespace

Result<CloneResult> clone_tree(const CloneRequest& request)
{
    TRY(check_request(request));
    if (request.only) return try_method(*request.only, request);
    for (const auto method : {CloneMethod::btrfs_snapshot, CloneMethod::reflink}) {
        auto made = try_method(method, request);
        if (made || made.error().kind != ErrorKind::refused || is_about_the_tree(made.error())) return made;
    }
    return try_method(CloneMethod::copy, request);
}

Result<void> remove_clone(const Path& path)
{
    if (TRY(overlay::is_overlay(path))) return overlay::remove(path);
    // Without the right to remove subvolumes (not root), it can still be emptied.
    if (btrfs::is_subvolume(path) && btrfs::destroy_subvolume(path)) return {};
    return remove_tree_quickly(path);
}

Result<void> create_cloneable(const Path& path)
{
    const auto made = btrfs::create_subvolume(path);
    if (!made && made.error().kind != ErrorKind::refused) return made;
    if (!made && ::mkdir(path.c_str(), 0700) != 0) return std::unexpected(os_error("making", path));
    // A subvolume is made with the mode that the mask of this process leaves.
    if (::chmod(path.c_str(), 0700) != 0) return std::unexpected(os_error("making", path));
    return {};
}

Result<std::vector<CloneMethod>> probe_methods(const Path& directory)
{
    SystemRandom random;
    const auto folder = directory / fmt::format(".probe-{}", random_hex(random, 8));
    TRY(ensure_directory(folder));
    auto methods = probe_in(folder);
    TRY(remove_tree_quickly(folder));
    return methods;
}

bool is_instant(CloneMethod method)
{
    return method != CloneMethod::copy;
}

std::string_view to_string(CloneMethod method)
{
    switch (method) {
    case CloneMethod::btrfs_snapshot: return "btrfs-snapshot";
    case CloneMethod::reflink: return "reflink";
    case CloneMethod::overlay: return "overlay";
    case CloneMethod::copy: return "copy";
    }
    return "unknown";
}

}  // namespace ramet::data
