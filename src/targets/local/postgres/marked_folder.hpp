#pragma once

#include "base/file.hpp"
#include "engine/driver.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ramet::targets::postgres {

/// A folder that stands for a resource: named by the resource's derived name, with the owner's mark in it from the moment that
/// it exists. Its identity is its inode and time of birth, so that another folder of the same name is never taken for it.
class MarkedFolder {
public:
    MarkedFolder(Path parent, const engine::ResourceRef& ref) : parent_(std::move(parent)), ref_(ref) {}

    Path path() const { return parent_ / ref_.name; }

    /// Made, or found with our mark; gives its identity. `conflict` when a folder of that name has another mark.
    Result<std::string> ensure(Time now) const;
    Result<engine::Observation> probe() const;
    /// `conflict` when it is foreign, or not the one that the proof names; nothing when nothing has its name, else its path.
    Result<std::optional<Path>> check_removal() const;
    /// The folder and what a broken attempt to make it has left.
    Result<void> remove() const;

private:
    /// Where it is made before it is given its name.
    Path fresh() const;

    Path parent_;
    const engine::ResourceRef& ref_;
};

/// Every folder in `parent` with a mark of `install`.
Result<std::vector<engine::InventoryItem>> list_marked_folders(const Path& parent, std::string_view kind,
                                                               const std::string& install);

}  // namespace ramet::targets::postgres
