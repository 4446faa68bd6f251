#pragma once

#include "storage/checkpointer.hpp"
#include "storage/directory_lock.hpp"
#include "storage/writer.hpp"

#include <condition_variable>
#include <memory>
#include <mutex>
#include <vector>

namespace ramet::storage {

/// The database `ramet.db` in a directory that this process holds alone: one writer and a few readers, for any number
/// of threads.
class Database {
public:
    /// Makes directory and database when they are absent, and brings the schema up to date.
    /// Errors: `conflict` (another server), `refused` (a newer schema), `integrity` (damaged), `unavailable`.
    static Result<std::unique_ptr<Database>> open(const Path& directory);
    ~Database();

    /// See `Writer`: durable when it returns.
    Result<void> write(const Write& write) { return writer_.write(write); }
    Writer& writer() { return writer_; }

    const Path& file() const { return file_; }

private:
    friend class Reading;

    Database(Path file, DirectoryLock lock, std::unique_ptr<Connection> writer)
        : file_(std::move(file)), lock_(std::move(lock)), writer_(std::move(writer))
    {
    }
    std::unique_ptr<Connection> take_reader();
    void give_back(std::unique_ptr<Connection> reader);

    const Path file_;
    DirectoryLock lock_;
    Writer writer_;
    std::unique_ptr<Checkpointer> checkpointer_;
    std::mutex mutex_;
    std::condition_variable is_free_;
    std::vector<std::unique_ptr<Connection>> readers_;
};

/// Copies a whole database, as of one moment, into a new file; others may write to it meanwhile.
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
