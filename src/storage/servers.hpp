#pragma once

#include "storage/database.hpp"

#include <string>
#include <vector>

namespace ramet::storage {

/// Which servers of a store are up: each says so from time to time, by the store's own clock.
class Servers {
public:
    explicit Servers(Database& database) : database_(database) {}

    struct Server {
        std::string id;    ///< of one process
        std::string name;  ///< for people: "web-1 (process 4711)"
        std::string version;
        int schema = 0;  ///< the newest that it knows
        Time started_at{};
        Time seen_at{};
        friend bool operator==(const Server&, const Server&) = default;
    };

    /// How often a server has to say that it is up, and after which silence it counts as gone.
    static constexpr std::chrono::seconds check_in_every{10};
    static constexpr std::chrono::seconds gone_after{30};

    /// The times are the store's. Those that have been silent for a day are forgotten.
    Result<void> check_in(const Server& server);
    Result<void> leave(const std::string& id);
    /// Those that are up, by their start.
    Result<std::vector<Server>> list_up();
    /// Those with them that did not leave and were heard of within a day: they may stand still.
    Result<std::vector<Server>> list_known();

private:
    Result<std::vector<Server>> list_heard_within(Milliseconds silence);

    Database& database_;
};

}  // namespace ramet::storage
