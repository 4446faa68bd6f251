#pragma once

#include "base/clock.hpp"
#include "storage/database.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace ramet::storage {

/// Who did what. Each record's hash covers the record before it, and the number and hash of the last one are kept
/// apart, so that an edited, removed or cut off record is found.
struct AuditRecord {
    std::int64_t id = 0;  ///< 1, 2, 3, … without a gap
    Time at{};
    std::string actor;
    std::string action;     ///< "preview.create", "secret.set", …
    std::string project{};  ///< name; empty for the organization
    std::string subject{};  ///< what it was done to
    std::string detail{};   ///< JSON text
    std::string prev_hash{};
    std::string hash{};
    friend bool operator==(const AuditRecord&, const AuditRecord&) = default;
};

class Audit {
public:
    explicit Audit(Database& database) : database_(database) {}

    /// In the transaction of what it tells about: what cannot be audited does not happen. Id and hashes are filled
    /// here.
    Result<void> append(Transaction& transaction, AuditRecord record);

    /// After `after`, oldest first; of one project when it is named.
    Result<std::vector<AuditRecord>> list(std::int64_t after, int limit, std::string_view project = {},
                                          Transaction* within = nullptr);
    /// How many records there are; `integrity` names the first one that is not what was written.
    Result<std::int64_t> verify();

private:
    Database& database_;
};

}  // namespace ramet::storage
