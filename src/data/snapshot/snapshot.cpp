#include "data/snapshot/snapshot.hpp"

#include "base/json.hpp"
#include "data/clone/btrfs.hpp"
#include "data/clone/private_bytes.hpp"

#include <unistd.h>

#include <cerrno>

namespace ramet::data {
namespace {

constexpr auto record_name = "snapshot.json";
constexpr std::size_t largest_record = 64U << 10U;

std::string to_record(const Snapshot& snapshot)
{
    return to_pretty_text(json::object{{"version", snapshot.version},
                                       {"schema_hash", snapshot.schema_hash},
                                       {"method", snapshot.method},
                                       {"made_at", to_rfc3339(snapshot.made_at)},
                                       {"bytes_copied", snapshot.bytes_copied},
                                       {"size_bytes", snapshot.size_bytes}});
}

Result<Snapshot> parse_record(std::string_view text)
{
    const auto record = parse_json(text);
    if (!record) return fail(ErrorKind::integrity, "the record of a snapshot is damaged: {}", record.error().message);
    const auto made_at = parse_rfc3339(get_string(*record, "made_at"));
    if (!made_at || get_string(*record, "version").empty())
        return fail(ErrorKind::integrity, "the record of a snapshot lacks its time or its version");
    return Snapshot{.version = get_string(*record, "version"),
                    .schema_hash = get_string(*record, "schema_hash"),
                    .method = get_string(*record, "method"),
                    .made_at = *made_at,
                    .bytes_copied = get_int(*record, "bytes_copied"),
                    .size_bytes = get_int(*record, "size_bytes")};
}

}  // namespace

Path snapshot_data(const Path& folder)
{
    return folder / "data";
}

Result<std::optional<Snapshot>> find_snapshot(const Path& folder)
{
    const auto record = read_file(folder / record_name, largest_record);
    if (!record && record.error().kind == ErrorKind::not_found) return std::nullopt;
    if (!record) return std::unexpected(record.error());
    auto snapshot = TRY(parse_record(*record));
    snapshot.directory = snapshot_data(folder);
    return snapshot;
}

Result<Snapshot> publish_snapshot(const Path& folder, const Snapshot& snapshot)
{
    auto published = snapshot;
    published.directory = snapshot_data(folder);
    const auto bytes = TRY(measure_tree(published.directory));
    published.size_bytes = bytes.length;
    if (btrfs::is_subvolume(published.directory)) TRY(btrfs::set_access(published.directory, btrfs::Access::read_only));
    // The record is not believed after a power failure unless what it tells of is on the disk before it.
    const auto opened = TRY(open_directory(folder));
    if (::syncfs(opened.get()) != 0) return std::unexpected(os_error("writing back", folder));
    TRY(write_file(folder / record_name, to_record(published)));
    return published;
}

Result<void> remove_snapshot(const Path& folder)
{
    // First the record: from here on nobody finds it, whatever happens.
    const auto record = folder / record_name;
    if (::unlink(record.c_str()) != 0 && errno != ENOENT) return std::unexpected(os_error("removing", record));
    return remove_clone(snapshot_data(folder));
}

}  // namespace ramet::data
