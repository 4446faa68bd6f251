#pragma once

#include "storage/database.hpp"

#include <mutex>
#include <set>
#include <string>
#include <string_view>

namespace ramet::storage {

/// Whose turn it is at what only one server of a store may do at a time. A turn ends with its time, by the store's own clock,
/// unless it is prolonged; who had it before may only write where `check` still says so.
class Turns {
public:
    /// `server` is this process (see `Servers`).
    Turns(Database& database, std::string server) : database_(database), server_(std::move(server)) {}

    static constexpr std::chrono::seconds term{15};

    /// Whether it is this server's turn now; also when it has been all along.
    Result<bool> take(std::string_view key);
    /// Repeatable. Where it fails the turn ends with its time.
    Result<void> give_back(std::string_view key);
    /// Of all that were taken and not given back, for another term.
    Result<void> prolong_all();
    /// Inside the transaction that the turn is for: `conflict` when it is somebody else's by now.
    Result<void> check(Transaction& transaction, std::string_view key);

private:
    std::set<std::string> held();

    Database& database_;
    std::string server_;
    std::mutex mutex_;
    std::set<std::string> held_;
};

}  // namespace ramet::storage
