#pragma once

#include "base/clock.hpp"
#include "base/file.hpp"
#include "engine/driver.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ramet::targets::local {

/// The owner's mark as it lies beside a resource (`mark.json`, 0600): proves that what is found by its name is ours.
struct Mark {
    std::string kind;
    std::string path;
    std::string name;
    std::int64_t incarnation = 1;
    engine::OwnerMark owner;
    Time created_at{};
    std::string note{};  ///< what its driver wrote beside it
};

/// Not durable by itself: what is lost in a crash of the machine is made again.
Result<void> write_mark(const Path& file, const engine::ResourceRef& ref, std::string_view note = {});
/// Nothing when there is no such file, or one that a crash of the machine has cut.
Result<std::optional<Mark>> find_mark(const Path& file);

/// A directory that never exists without its mark: made under another name and renamed. One with our mark is kept; anything else
/// there is `conflict`.
Result<void> ensure_marked_directory(const Path& directory, const engine::ResourceRef& ref, unsigned mode = 0700);
/// What is at `directory`, also in the middle of being made or removed. `identity` is the directory's own.
Result<engine::Observation> probe_marked_directory(const Path& directory, const engine::ResourceRef& ref);
/// Removes it, the mark last, so that a removal that was cut off is still recognised. Absent is success; a foreign mark `conflict`.
Result<void> remove_marked_directory(const Path& directory, const engine::ResourceRef& ref);

/// Compares a mark with the resource that should own it.
engine::Presence judge(const std::optional<Mark>& mark, const engine::ResourceRef& ref);
engine::InventoryItem to_item(const Mark& mark, std::string identity);

/// "device:inode" of a file or directory; empty when it is not there.
Result<std::string> identity_of_file(const Path& path);
/// `conflict` when a proof names another incarnation than the one that is there.
Result<void> check_identity(const engine::DeletionProof& proof, std::string_view present);

/// The names in a directory, sorted; none when it does not exist.
Result<std::vector<std::string>> names_in(const Path& directory);

}  // namespace ramet::targets::local
