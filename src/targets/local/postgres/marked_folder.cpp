#include "targets/local/postgres/marked_folder.hpp"

#include "base/json.hpp"
#include "targets/local/marks.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

namespace ramet::targets::postgres {
namespace {

constexpr auto mark_name = "mark.json";
constexpr std::string_view new_prefix = ".new-";

struct Mark {
    engine::OwnerMark owner;
    Time created_at{};
};

std::string mark_text(const engine::ResourceRef& ref, Time now)
{
    return to_pretty_text(json::object{{"install", ref.mark.install},
                                       {"owner", ref.mark.owner.str()},
                                       {"nonce", ref.mark.nonce},
                                       {"resource", ref.id.str()},
                                       {"path", ref.path},
                                       {"created_at", to_rfc3339(now)}});
}

/// Nothing when there is no such file; a file that is not a mark belongs to nobody of ours.
Result<std::optional<Mark>> read_mark(const Path& folder)
{
    const auto text = read_file(folder / mark_name, 64U << 10U);
    if (!text && text.error().kind == ErrorKind::not_found) return std::nullopt;
    if (!text) return std::unexpected(text.error());
    const auto record = parse_json(*text);
    if (!record) return std::nullopt;
    return Mark{
        {get_string(*record, "install"), engine::OwnerId(get_string(*record, "owner")), get_string(*record, "nonce")},
        parse_rfc3339(get_string(*record, "created_at")).value_or(Time{})};
}

Result<void> write_mark(const Path& folder, std::string_view text)
{
    const auto path = folder / mark_name;
    const Fd file(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    if (!file || ::write(file.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size()) ||
        ::fdatasync(file.get()) != 0)
        return std::unexpected(os_error("writing", path));
    return {};
}

/// What a removal that was cut off after the mark has left: the folder and nothing in it. Somebody else's is not empty.
bool is_bare(const Path& path)
{
    std::error_code error;
    return std::filesystem::is_empty(path, error) && !error && std::filesystem::is_directory(path, error);
}

/// Inode and time of birth: an inode number alone is soon used again. Nothing when it is not there.
Result<std::optional<std::string>> identity_of(const Path& folder)
{
    struct statx status{};
    if (::statx(AT_FDCWD, folder.c_str(), AT_SYMLINK_NOFOLLOW, STATX_INO | STATX_BTIME, &status) != 0) {
        if (errno == ENOENT) return std::nullopt;
        return std::unexpected(os_error("reading", folder));
    }
    return fmt::format("{}:{}.{:09}", status.stx_ino, status.stx_btime.tv_sec, status.stx_btime.tv_nsec);
}

std::unexpected<Error> foreign(const Path& folder)
{
    Error error{ErrorKind::conflict, fmt::format("{} belongs to somebody else", folder.string())};
    error.evidence = "its owner mark is not the one that Ramet gave to this resource";
    return std::unexpected(std::move(error));
}

/// Whether the folder itself was seen, and not only what an attempt to make it has left.
bool has_name(const engine::Observation& seen)
{
    return !seen.external_id.empty();
}

}  // namespace

Result<std::string> MarkedFolder::ensure(Time now) const
{
    if (is_bare(path())) TRY(remove_tree(path()));
    if (const auto found = TRY(probe()); has_name(found))
        return found.presence == engine::Presence::ours ? Result<std::string>(found.identity) : foreign(path());
    TRY(remove_tree(fresh()));
    if (::mkdir(fresh().c_str(), 0700) != 0) return std::unexpected(os_error("making", fresh()));
    TRY(write_mark(fresh(), mark_text(ref_, now)));
    // It never exists under its name without its mark. An existing one is not replaced: it is not empty.
    if (::renameat2(AT_FDCWD, fresh().c_str(), AT_FDCWD, path().c_str(), RENAME_NOREPLACE) != 0)
        return std::unexpected(os_error("making", path()));
    if (auto identity = TRY(identity_of(path()))) return *std::move(identity);
    return fail(ErrorKind::conflict, "{} was removed by somebody else while it was made", path().string());
}

Path MarkedFolder::fresh() const
{
    return parent_ / (std::string(new_prefix) + ref_.name);
}

Result<engine::Observation> MarkedFolder::probe() const
{
    engine::Observation seen;
    if (!TRY(look_for(path()))) {
        // An attempt that was cut off before it had given the folder its name.
        if (TRY(look_for(fresh()))) seen.presence = engine::Presence::ours;
        return seen;
    }
    const auto mark = TRY(read_mark(path()));
    const bool is_marked = mark && mark->owner.nonce == ref_.mark.nonce && mark->owner.install == ref_.mark.install;
    auto identity = TRY(identity_of(path()));
    if (!identity) return seen;  // It went while it was looked at.
    seen.presence = is_marked || (!mark && is_bare(path())) ? engine::Presence::ours : engine::Presence::foreign;
    seen.identity = *std::move(identity);
    seen.external_id = path().string();
    return seen;
}

Result<std::optional<Path>> MarkedFolder::check_removal() const
{
    const auto seen = TRY(probe());
    if (!has_name(seen)) return std::nullopt;
    if (seen.presence == engine::Presence::foreign) return foreign(path());
    if (!ref_.identity.empty() && ref_.identity != seen.identity) return foreign(path());
    return path();
}

Result<void> MarkedFolder::remove() const
{
    TRY(remove_tree(fresh()));
    // The mark goes last: what is left of a removal that was cut off must still be known as ours.
    for (const auto& name : TRY(local::names_in(path())))
        if (name != mark_name) TRY(remove_tree(path() / name));
    return remove_tree(path());
}

Result<std::vector<engine::InventoryItem>> list_marked_folders(const Path& parent, std::string_view kind,
                                                               const std::string& install)
{
    std::vector<engine::InventoryItem> items;
    for (auto name : TRY(local::names_in(parent))) {
        const auto folder = parent / name;
        const auto mark = TRY(read_mark(folder));
        if (!mark || mark->owner.install != install) continue;
        const auto identity = TRY(identity_of(folder));
        if (!identity) continue;  // It is just being removed.
        if (name.starts_with(new_prefix)) name.erase(0, new_prefix.size());
        items.push_back({std::string(kind), name, mark->owner, folder.string(), *identity, mark->created_at});
    }
    return items;
}

}  // namespace ramet::targets::postgres
