#pragma once

#include "base/clock.hpp"
#include "data/clone/tree.hpp"
#include "data/store/clone_store.hpp"
#include "domain/ids.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ramet::data {

/// What a golden is a copy of.
struct GoldenSource {
    ProjectId project;
    std::string environment{};  ///< the base's id
    std::string database{};     ///< its name in the file
    friend bool operator==(const GoldenSource&, const GoldenSource&) = default;
};

/// An immutable, cleanly stopped copy of a database.
struct Golden {
    GoldenId id;
    GoldenSource source;
    std::string version{};  ///< of PostgreSQL
    std::string schema_hash{};
    std::string rules_hash{};  ///< of the masking rules; empty: unmasked, from an unprotected base
    Time made_at{};
    std::int64_t size_bytes = 0;
    Path directory{};                 ///< the data directory to clone
    std::vector<std::string> pins{};  ///< who holds it
};

/// The published goldens of this installation, as they lie in the store. What is half made is not among them. Processes and
/// threads may use it at the same time.
class GoldenCatalog {
public:
    explicit GoldenCatalog(StorePaths paths) : paths_(std::move(paths)) {}

    /// Newest first.
    Result<std::vector<Golden>> list() const;
    Result<std::vector<Golden>> list(const GoldenSource& source) const;
    /// The newest of this source that is not older than `max_age`.
    Result<std::optional<Golden>> find_fresh(const GoldenSource& source, Time now, Milliseconds max_age) const;
    Result<std::optional<Golden>> find(const GoldenId& id) const;
    /// not_found when it was removed or never published.
    Result<Golden> get(const GoldenId& id) const;

    /// Keeps the golden from being removed while `holder` uses it. Repeatable. not_found when there is none.
    Result<void> pin(const GoldenId& id, std::string_view holder) const;
    /// Repeatable; also after the golden is gone.
    Result<void> unpin(const GoldenId& id, std::string_view holder) const;

    /// The folder of a golden that is to be made: `data` in it becomes the golden's directory.
    Path folder(const GoldenId& id) const { return paths_.goldens() / id.str(); }
    /// Makes what lies in `folder(golden.id)` a golden: given to Ramet alone, read-only where the file system can, durable; the
    /// record is written last.
    Result<Golden> publish(const Golden& golden) const;
    /// conflict while it is pinned. Also removes what is half made; absent is success.
    Result<void> remove(const GoldenId& id) const;

private:
    Result<void> remove_record(const GoldenId& id) const;

    StorePaths paths_;
};

/// Goldens that stay when a source is refreshed: the newest `count`, and all that are pinned. `newest_first` is of one source.
std::vector<Golden> choose_kept(const std::vector<Golden>& newest_first, std::size_t count = 3);

}  // namespace ramet::data
