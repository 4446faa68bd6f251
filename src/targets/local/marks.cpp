#include "targets/local/marks.hpp"

#include "base/json.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>

namespace ramet::targets::local {
namespace {

constexpr const char* mark_file = "mark.json";

Json to_json(const engine::ResourceRef& ref, std::string_view note)
{
    return json::object{{"install", ref.mark.install},
                        {"owner", ref.mark.owner.str()},
                        {"nonce", ref.mark.nonce},
                        {"kind", ref.kind},
                        {"path", ref.path},
                        {"name", ref.name},
                        {"incarnation", ref.incarnation},
                        {"created_at", to_rfc3339(SystemClock().now())},
                        {"note", note}};
}

/// Where `directory` is made before it is given its name. Derived from the nonce: a second attempt goes on where the first was cut off.
Path fresh_path(const Path& directory, const engine::ResourceRef& ref)
{
    return directory.parent_path() / fmt::format(".{}.{}", directory.filename().string(), ref.mark.nonce);
}

Result<void> claim(const Path& directory, const engine::ResourceRef& ref, unsigned mode)
{
    const auto fresh = fresh_path(directory, ref);
    TRY(ensure_directory(directory.parent_path(), 0711));
    TRY(ensure_directory(fresh, mode));
    TRY(write_mark(fresh / mark_file, ref));
    if (::renameat2(AT_FDCWD, fresh.c_str(), AT_FDCWD, directory.c_str(), RENAME_NOREPLACE) == 0) return {};
    const auto error = os_error("making", directory);
    TRY(remove_tree(fresh));
    return std::unexpected(error);
}

/// Nothing is in a directory whose mark was the last thing to go. False when something is: it is not ours.
Result<bool> remove_unmarked(const Path& directory)
{
    if (::rmdir(directory.c_str()) == 0 || errno == ENOENT || errno == ENOTDIR) return true;
    if (errno == ENOTEMPTY || errno == EEXIST) return false;
    return std::unexpected(os_error("removing", directory));
}

}  // namespace

Result<void> write_mark(const Path& file, const engine::ResourceRef& ref, std::string_view note)
{
    return write_quickly(file, to_pretty_text(to_json(ref, note)) + "\n");
}

Result<std::optional<Mark>> find_mark(const Path& file)
{
    const auto text = read_file(file, 64U << 10U);
    if (!text && text.error().kind == ErrorKind::not_found) return std::nullopt;
    const auto json = parse_json(TRY(text));
    if (!json) return std::nullopt;
    Mark mark;
    mark.kind = get_string(*json, "kind");
    mark.path = get_string(*json, "path");
    mark.name = get_string(*json, "name");
    mark.incarnation = get_int(*json, "incarnation", 1);
    mark.owner = {get_string(*json, "install"), engine::OwnerId(get_string(*json, "owner")),
                  get_string(*json, "nonce")};
    mark.note = get_string(*json, "note");
    if (const auto time = parse_rfc3339(get_string(*json, "created_at"))) mark.created_at = *time;
    return mark;
}

Result<void> ensure_marked_directory(const Path& directory, const engine::ResourceRef& ref, unsigned mode)
{
    const auto mark = TRY(find_mark(directory / mark_file));
    if (judge(mark, ref) == engine::Presence::ours) return {};
    if (!mark && TRY(remove_unmarked(directory))) return claim(directory, ref, mode);
    Error error{ErrorKind::conflict, fmt::format("{} exists already and is not {}'s", directory.string(), ref.path)};
    error.next_step = fmt::format("look at {} and move it away", directory.string());
    return std::unexpected(std::move(error));
}

Result<engine::Observation> probe_marked_directory(const Path& directory, const engine::ResourceRef& ref)
{
    const auto mark = TRY(find_mark(directory / mark_file));
    engine::Observation observation{.presence = judge(mark, ref), .external_id = directory.string()};
    observation.identity = TRY(identity_of_file(directory));
    if (mark) {
        if (observation.presence == engine::Presence::foreign)
            observation.evidence =
                fmt::format("{} carries the mark of {} {}", directory.string(), mark->kind, mark->path);
        return observation;
    }
    if (observation.identity.empty()) {
        // An attempt that was cut off before it had given the directory its name.
        const bool was_begun = TRY(look_for(fresh_path(directory, ref)));
        observation.presence = was_begun ? engine::Presence::ours : engine::Presence::absent;
        return observation;
    }
    // Without a mark it is what a removal has left, which is nothing but the directory, or somebody else's.
    const bool is_empty = TRY(names_in(directory)).empty();
    observation.presence = is_empty ? engine::Presence::ours : engine::Presence::foreign;
    if (!is_empty) observation.evidence = fmt::format("{} carries no mark", directory.string());
    return observation;
}

Result<void> remove_marked_directory(const Path& directory, const engine::ResourceRef& ref)
{
    TRY(remove_tree(fresh_path(directory, ref)));
    const auto mark = TRY(find_mark(directory / mark_file));
    if (!mark) {
        if (TRY(remove_unmarked(directory))) return {};
        return fail(ErrorKind::conflict, "{} carries no mark of ours: it is left alone", directory.string());
    }
    if (judge(mark, ref) == engine::Presence::foreign)
        return fail(ErrorKind::conflict, "{} carries the mark of something else: it is left alone", directory.string());
    for (const auto& name : TRY(names_in(directory)))
        if (name != mark_file) TRY(remove_tree(directory / name));
    return remove_tree(directory);
}

engine::Presence judge(const std::optional<Mark>& mark, const engine::ResourceRef& ref)
{
    if (!mark) return engine::Presence::absent;
    return mark->owner == ref.mark && mark->kind == ref.kind ? engine::Presence::ours : engine::Presence::foreign;
}

engine::InventoryItem to_item(const Mark& mark, std::string identity)
{
    return {mark.kind, mark.name, mark.owner, {}, std::move(identity), mark.created_at};
}

Result<std::string> identity_of_file(const Path& path)
{
    struct stat status{};
    if (::lstat(path.c_str(), &status) != 0) {
        if (errno == ENOENT || errno == ENOTDIR) return std::string();
        return std::unexpected(os_error("looking at", path));
    }
    return fmt::format("{}:{}", status.st_dev, status.st_ino);
}

Result<void> check_identity(const engine::DeletionProof& proof, std::string_view present)
{
    const auto& wanted = proof.resource.identity;
    if (wanted.empty() || present.empty() || wanted == present) return {};
    return fail(ErrorKind::conflict, "{} is not the one that is to be removed: it is {}, not {}", proof.resource.path,
                present, wanted);
}

Result<std::vector<std::string>> names_in(const Path& directory)
{
    std::error_code error;
    std::vector<std::string> names;
    std::filesystem::directory_iterator at(directory, error);
    if (error == std::errc::no_such_file_or_directory) return names;
    for (; !error && at != std::filesystem::directory_iterator(); at.increment(error))
        names.push_back(at->path().filename().string());
    if (error) return fail(ErrorKind::unavailable, "listing {}: {}", directory.string(), error.message());
    std::ranges::sort(names);
    return names;
}

}  // namespace ramet::targets::local
