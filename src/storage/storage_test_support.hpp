#pragma once

#include "storage/database.hpp"
#include "support/temporary.hpp"

#include <doctest/doctest.h>

#include <memory>

namespace ramet::storage {

/// A database in a directory of its own, gone at the end of the test.
class TestDatabase {
public:
    Database& operator*() { return *database_; }
    Database* operator->() { return database_.get(); }
    Path directory() const { return directory_ / "state"; }
    Path file() const { return directory() / "ramet.db"; }

    /// As after a restart of the process.
    void reopen()
    {
        database_.reset();
        database_ = Database::open(directory()).value();
    }
    void close() { database_.reset(); }

private:
    testing::TemporaryDirectory directory_;
    std::unique_ptr<Database> database_ = Database::open(directory_ / "state").value();
};

/// The write is expected to succeed.
inline void must_write(TestDatabase& database, const Write& write)
{
    const auto written = database->write(write);
    if (!written) FAIL(written.error().message);
}

inline Time at(int milliseconds)
{
    return Time(Milliseconds(1'700'000'000'000 + milliseconds));
}

}  // namespace ramet::storage
