#pragma once

#include "base/file.hpp"
#include "engine/run_store.hpp"

#include <memory>

namespace ramet::bench {

/// A database on this disk: the engine's records, and beside them one row at a time, which is what nothing durable goes below.
class Place {
public:
    virtual ~Place() = default;
    virtual engine::RunStore& store() = 0;
    /// Whether the engine has to keep its owners by leases that end, as other servers may be there.
    virtual bool is_shared() const = 0;
    /// Writes a row of 300 bytes; it is on disk when this returns.
    virtual Result<void> commit_one_row() = 0;
};

/// SQLite in `directory`, as the server keeps it.
Result<std::unique_ptr<Place>> make_sqlite_place(const Path& directory);
/// A PostgreSQL database, postgres://…, which is empty.
Result<std::unique_ptr<Place>> make_postgres_place(const std::string& url);

}  // namespace ramet::bench
