#pragma once

#include "base/clock.hpp"
#include "domain/ids.hpp"
#include "storage/database.hpp"

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace ramet::storage {

struct StoredEvent {
    std::int64_t id = 0;  ///< grows; given by the store
    Time at{};
    ProjectId project{};
    EnvironmentId environment{};
    std::string kind;    ///< "run.step", "environment.state", …
    std::string data{};  ///< JSON text
    friend bool operator==(const StoredEvent&, const StoredEvent&) = default;
};

/// What happened, for streams that can be resumed. A ring: of many events only the newest are kept.
class Events {
public:
    struct Size {
        std::int64_t kept = 100'000;
    };
    explicit Events(Database& database, Size size) : database_(database), size_(size) {}
    explicit Events(Database& database) : Events(database, Size{}) {}

    /// Seen by readers, and told to listeners, when the transaction is committed.
    Result<void> append(Transaction& transaction, const StoredEvent& event);

    struct Filter {
        ProjectId project{};          ///< empty: all
        EnvironmentId environment{};  ///< empty: all
    };
    struct Page {
        std::vector<StoredEvent> events{};
        bool is_complete = true;   ///< false when events after the one asked for are gone already
        std::int64_t last_id = 0;  ///< continue after this one
    };
    /// After `after`, oldest first.
    Result<Page> list(std::int64_t after, int limit, const Filter& filter, Transaction* within = nullptr);
    /// 0 when there was none yet.
    Result<std::int64_t> newest_id(Transaction* within = nullptr);

    /// Called after each commit with the newest id, on the committing thread: short, and without calls into the
    /// store. The listeners are set once, before the first event.
    void listen(std::function<void(std::int64_t)> listener) { listeners_.push_back(std::move(listener)); }

private:
    Database& database_;
    const Size size_;
    std::vector<std::function<void(std::int64_t)>> listeners_;
};

}  // namespace ramet::storage
