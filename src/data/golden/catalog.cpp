#include "data/golden/catalog.hpp"

#include "base/file_lock.hpp"
#include "base/hash.hpp"
#include "data/clone/btrfs.hpp"
#include "data/golden/record.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace ramet::data {
namespace {

constexpr auto record_name = "golden.json";
constexpr auto data_name = "data";
constexpr auto pins_name = "pins";

/// Pins and removals exclude each other, also between processes.
Result<Fd> lock(const StorePaths& paths)
{
    return lock_file(paths.goldens() / ".lock");
}

/// Ids come from records and requests: they must not lead out of the folder.
Result<void> check_id(const GoldenId& id)
{
    const auto& text = id.str();
    if (text.empty() || text.front() == '.' || text.contains('/') || text.contains('\0'))
        return fail(ErrorKind::invalid, "'{}' cannot be the id of a golden copy", text);
    return {};
}

/// Holders are any text; their file is named by its hash and holds it.
Path pin_path(const Path& folder, std::string_view holder)
{
    return folder / pins_name / short_hash({holder});
}

Result<std::vector<std::string>> read_pins(const Path& folder)
{
    std::vector<std::string> pins;
    std::error_code error;
    for (const auto& entry : std::filesystem::directory_iterator(folder / pins_name, error)) {
        auto holder = read_file(entry.path(), 4096);
        if (holder) pins.push_back(std::move(*holder));
    }
    if (error && error != std::errc::no_such_file_or_directory)
        return fail(ErrorKind::unavailable, "reading the pins of {}: {}", folder.string(), error.message());
    std::ranges::sort(pins);
    return pins;
}

Result<std::int64_t> tree_size(const Path& root)
{
    const auto opened = TRY(open_directory(root));
    std::int64_t bytes = 0;
    for (const auto& entry : TRY(list_tree(opened, root))) {
        struct stat status{};
        if (::fstatat(opened.get(), entry.path.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0)
            return std::unexpected(os_error("reading", root / entry.path));
        if (entry.type == EntryType::file) bytes += status.st_size;
    }
    return bytes;
}

/// The record is not believed after a power failure unless what it tells of is on the disk before it.
Result<void> make_durable(const Path& folder)
{
    const auto opened = TRY(open_directory(folder));
    if (::syncfs(opened.get()) != 0) return std::unexpected(os_error("writing back", folder));
    return {};
}

Result<void> seal(const Path& data)
{
    TRY(change_owner(data, {::geteuid(), ::getegid()}));
    if (btrfs::is_subvolume(data)) TRY(btrfs::set_access(data, btrfs::Access::read_only));
    return {};
}

}  // namespace

Result<std::vector<Golden>> GoldenCatalog::list() const
{
    std::vector<Golden> goldens;
    std::error_code error;
    for (const auto& entry : std::filesystem::directory_iterator(paths_.goldens(), error)) {
        if (entry.path().filename().string().starts_with('.')) continue;
        auto golden = TRY(find(GoldenId(entry.path().filename().string())));
        if (golden) goldens.push_back(std::move(*golden));
    }
    if (error && error != std::errc::no_such_file_or_directory)
        return fail(ErrorKind::unavailable, "listing {}: {}", paths_.goldens().string(), error.message());
    std::ranges::sort(goldens, [](const Golden& a, const Golden& b) {
        return std::tie(b.made_at, b.id) < std::tie(a.made_at, a.id);
    });
    return goldens;
}

Result<std::vector<Golden>> GoldenCatalog::list(const GoldenSource& source) const
{
    auto goldens = TRY(list());
    std::erase_if(goldens, [&](const Golden& golden) { return golden.source != source; });
    return goldens;
}

Result<std::optional<Golden>> GoldenCatalog::find_fresh(const GoldenSource& source, Time now,
                                                        Milliseconds max_age) const
{
    auto goldens = TRY(list(source));
    if (goldens.empty() || now - goldens.front().made_at > max_age) return std::nullopt;
    return std::move(goldens.front());
}

Result<std::optional<Golden>> GoldenCatalog::find(const GoldenId& id) const
{
    TRY(check_id(id));
    auto record = read_file(folder(id) / record_name);
    if (!record && record.error().kind == ErrorKind::not_found) return std::nullopt;
    if (!record) return std::unexpected(std::move(record).error());
    auto golden = TRY(parse_golden_record(*record));
    golden.directory = folder(id) / data_name;
    golden.pins = TRY(read_pins(folder(id)));
    return golden;
}

Result<Golden> GoldenCatalog::get(const GoldenId& id) const
{
    auto golden = TRY(find(id));
    if (golden) return std::move(*golden);
    Error error{ErrorKind::not_found, fmt::format("there is no golden copy {}", id.str())};
    error.next_step = "ramet db refresh ENV";
    return std::unexpected(std::move(error));
}

Result<void> GoldenCatalog::pin(const GoldenId& id, std::string_view holder) const
{
    const auto locked = TRY(lock(paths_));
    TRY(get(id));
    TRY(ensure_directory(folder(id) / pins_name));
    const auto path = pin_path(folder(id), holder);
    const Fd file(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
    if (!file || ::write(file.get(), holder.data(), holder.size()) != static_cast<ssize_t>(holder.size()))
        return std::unexpected(os_error("pinning", path));
    return {};
}

Result<void> GoldenCatalog::unpin(const GoldenId& id, std::string_view holder) const
{
    TRY(check_id(id));
    const auto path = pin_path(folder(id), holder);
    if (::unlink(path.c_str()) != 0 && errno != ENOENT) return std::unexpected(os_error("unpinning", path));
    return {};
}

Result<Golden> GoldenCatalog::publish(const Golden& golden) const
{
    TRY(check_id(golden.id));
    auto published = golden;
    published.directory = folder(golden.id) / data_name;
    published.size_bytes = TRY(tree_size(published.directory));
    TRY(seal(published.directory));
    TRY(make_durable(folder(golden.id)));
    TRY(write_file(folder(golden.id) / record_name, golden_record(published)));
    return published;
}

Result<void> GoldenCatalog::remove(const GoldenId& id) const
{
    TRY(check_id(id));
    // First the record: from here on nobody finds it, whatever happens.
    TRY(remove_record(id));
    TRY(remove_clone(folder(id) / data_name));
    return remove_tree(folder(id));
}

/// The lock is everybody's: what takes long is done without it, as nobody can pin what is not found.
Result<void> GoldenCatalog::remove_record(const GoldenId& id) const
{
    const auto locked = TRY(lock(paths_));
    const auto pins = TRY(read_pins(folder(id)));
    if (!pins.empty()) {
        Error error{ErrorKind::conflict, fmt::format("the golden copy {} is in use", id.str())};
        error.evidence = fmt::format("pinned by {}", pins.front());
        return std::unexpected(std::move(error));
    }
    const auto record = folder(id) / record_name;
    if (::unlink(record.c_str()) != 0 && errno != ENOENT) return std::unexpected(os_error("removing", record));
    return {};
}

std::vector<Golden> choose_kept(const std::vector<Golden>& newest_first, std::size_t count)
{
    std::vector<Golden> kept;
    for (std::size_t index = 0; index < newest_first.size(); ++index)
        if (index < count || !newest_first[index].pins.empty()) kept.push_back(newest_first[index]);
    return kept;
}

}  // namespace ramet::data
