#pragma once

#include "domain/allocation.hpp"
#include "storage/database.hpp"

namespace ramet::storage {

/// Ports and user ids, held durably. New numbers are taken in turn, so that one that was just given back is not used
/// again at once.
class SqliteAllocations final : public Allocations {
public:
    explicit SqliteAllocations(Database& database) : database_(database) {}

    Result<int> ensure(const Request& request) override;
    Result<void> release(std::string_view kind, std::string_view owner, std::string_view path) override;

private:
    Database& database_;
};

}  // namespace ramet::storage
