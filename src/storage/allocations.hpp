#pragma once

#include "domain/allocation.hpp"
#include "storage/database.hpp"

namespace ramet::storage {

/// Ports and user ids, held durably. New numbers are taken in turn, so that one that was just given back is not used
/// again at once. The first one depends on the installation: others on the same machine hardly ever reach for the same.
class SqliteAllocations final : public Allocations {
public:
    /// Without an installation the first number is the range's own.
    explicit SqliteAllocations(Database& database, std::string install = {})
        : database_(database), install_(std::move(install))
    {
    }

    Result<int> ensure(const Request& request) override;
    Result<void> release(std::string_view kind, std::string_view owner, std::string_view path) override;

private:
    Result<int> choose(Connection& connection, const Request& request) const;
    Result<int> first_to_try(Connection& connection, const Request& request) const;

    Database& database_;
    std::string install_;
};

}  // namespace ramet::storage
