#pragma once

#include "base/file.hpp"
#include "storage/writer.hpp"

#include <condition_variable>
#include <memory>
#include <mutex>
#include <vector>

namespace ramet::storage {

struct PostgresPlace;

/// What holds the store's records: one writer and a few readers, for any number of threads. Either the file `ramet.db` in a
/// directory that this process holds alone, or a PostgreSQL database that several servers share.
class Database {
public:
    /// Makes directory and database when they are absent, and brings the schema up to date.
    /// Errors: `conflict` (another server), `refused` (a newer schema), `integrity` (damaged), `unavailable`.
    static Result<std::unique_ptr<Database>> open(const Path& directory);
    /// The same for a PostgreSQL store. `place` must outlive it.
    static Result<std::unique_ptr<Database>> open(const PostgresPlace& place);
    ~Database();

    /// See `Writer`: durable when it returns.
    Result<void> write(const Write& write);

    /// Asked by each `write` on its caller's thread: what has to hold inside its transaction, or nothing. Set before the first.
    using Fence = std::function<Write()>;
    void set_fence(Fence fence) { fence_ = std::move(fence); }
    /// `write` beside a run that this thread submits: the engine makes it, in a transaction of its own, and what has to hold inside of
    /// that is asked now.
    engine::ExtraWrite beside_run(Write write) const;

    Writer& writer() { return writer_; }

    /// SQLite's file; none for PostgreSQL.
    const std::optional<Path>& file() const { return file_; }
    /// Whether other servers may write here at the same time.
    bool is_shared() const { return !file_; }

private:
    friend class Reading;
    /// What is kept as long as the database is open.
    struct Kept;

    Database(std::unique_ptr<Kept> kept, std::unique_ptr<Connection> writer);
    Write fenced(Write write) const;
    std::unique_ptr<Connection> take_reader();
    void give_back(std::unique_ptr<Connection> reader);

    std::optional<Path> file_;
    std::unique_ptr<Kept> kept_;
    Writer writer_;
    Fence fence_{};
    std::mutex mutex_;
    std::condition_variable is_free_;
    std::vector<std::unique_ptr<Connection>> readers_;
};

/// Copies a whole SQLite database, as of one moment, into a new file; others may write to it meanwhile.
Result<void> copy_database(const Path& from, const Path& to);

/// Where one read happens: inside the given transaction, which sees its own writes, or else on a reader that is
/// borrowed for the life of this object. One at a time per thread.
class Reading {
public:
    Reading(Database& database, Transaction* within);
    Reading(const Reading&) = delete;
    Reading& operator=(const Reading&) = delete;
    ~Reading();

    Connection* operator->() { return connection_; }
    Connection& operator*() { return *connection_; }

private:
    Database& database_;
    std::unique_ptr<Connection> borrowed_;
    Connection* connection_;
};

}  // namespace ramet::storage
