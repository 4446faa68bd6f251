#include "data/store/clone_store.hpp"

#include "data/store/image.hpp"

#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>

namespace ramet::data {
namespace {

constexpr std::int64_t smallest_image = 300LL << 20;  // mkfs.xfs refuses less.

Result<bool> holds_nothing(const Path& folder)
{
    std::error_code error;
    const bool empty = !std::filesystem::exists(folder, error) || std::filesystem::is_empty(folder, error);
    if (error) return fail(ErrorKind::unavailable, "reading {}: {}", folder.string(), error.message());
    return empty;
}

Result<void> ensure_folders(const StorePaths& paths)
{
    for (const auto& folder : {paths.root(), paths.databases(), paths.goldens(), paths.snapshots(), paths.templates()})
        TRY(ensure_directory(folder, 0700));
    return {};
}

/// What the mount would hide.
Result<void> check_unused(const StorePaths& paths)
{
    for (const auto& folder : {paths.databases(), paths.goldens(), paths.snapshots()}) {
        if (TRY(holds_nothing(folder))) continue;
        Error error{ErrorKind::conflict,
                    fmt::format("{} is in use: an image would hide what is in it", folder.string())};
        error.next_step = "delete the previews and bases of this installation first, or use another --data-dir";
        return std::unexpected(std::move(error));
    }
    return {};
}

Result<void> check_can_init(const StorePaths& paths, const StoreInit& options)
{
    if (options.size_bytes < smallest_image)
        return fail(ErrorKind::refused, "a store of {} MiB is too small: XFS wants 300 MiB", options.size_bytes >> 20U);
    if (::geteuid() != 0) {
        Error error{ErrorKind::refused, "only root can mount a store"};
        error.next_step = "run `ramet storage init` as root, or put --data-dir on btrfs or XFS";
        return std::unexpected(std::move(error));
    }
    return check_unused(paths);
}

Result<void> make_store(const StorePaths& paths, const StoreInit& options)
{
    TRY(image::create(paths.image(), options.size_bytes));
    auto mounted = image::mount(paths.image(), paths.root());
    if (mounted) mounted = ensure_folders(paths);
    if (mounted) return {};
    if (const auto undone = image::remove(paths.image(), paths.root()); !undone)
        mounted.error().evidence += "\nundoing it: " + undone.error().message;
    return mounted;
}

Result<std::int64_t> free_bytes(const Path& path)
{
    struct statvfs status{};
    if (::statvfs(path.c_str(), &status) != 0) return std::unexpected(os_error("reading the free space of", path));
    return static_cast<std::int64_t>(status.f_bavail) * static_cast<std::int64_t>(status.f_frsize);
}

Result<std::int64_t> total_bytes(const Path& path)
{
    struct statvfs status{};
    if (::statvfs(path.c_str(), &status) != 0) return std::unexpected(os_error("reading the size of", path));
    return static_cast<std::int64_t>(status.f_blocks) * static_cast<std::int64_t>(status.f_frsize);
}

}  // namespace

Result<StoreStatus> init_store(const StorePaths& paths, const StoreInit& options)
{
    TRY(ensure_store(paths));
    const auto status = TRY(get_store_status(paths));
    if (is_instant(status.method)) return status;
    TRY(check_can_init(paths, options));
    TRY(make_store(paths, options));
    return get_store_status(paths);
}

Result<void> ensure_store(const StorePaths& paths)
{
    TRY(ensure_directory(paths.data_directory, 0700));
    TRY(ensure_directory(paths.root(), 0700));
    if (TRY(look_for(paths.image()))) TRY(image::mount(paths.image(), paths.root()));
    return ensure_folders(paths);
}

Result<StoreStatus> get_store_status(const StorePaths& paths)
{
    StoreStatus status;
    status.kind = TRY(look_for(paths.image())) ? StoreKind::image : StoreKind::plain;
    status.method = TRY(probe_methods(paths.root())).front();
    status.size_bytes = TRY(total_bytes(paths.root()));
    status.free_bytes = std::min(TRY(free_bytes(paths.root())), TRY(free_bytes(paths.data_directory)));
    return status;
}

Result<void> remove_store(const StorePaths& paths)
{
    if (!TRY(look_for(paths.image()))) return {};
    if (!TRY(holds_nothing(paths.databases())) || !TRY(holds_nothing(paths.snapshots()))) {
        Error error{ErrorKind::conflict, "the store still holds databases"};
        error.next_step = "delete the previews and bases of this installation first";
        return std::unexpected(std::move(error));
    }
    TRY(image::remove(paths.image(), paths.root()));
    return ensure_folders(paths);
}

}  // namespace ramet::data
