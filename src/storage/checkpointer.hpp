#pragma once

#include "storage/sqlite.hpp"

#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>

namespace ramet::storage {

/// Moves what stands in the write-ahead log into the database, on a thread and a connection of its own: it takes two more flushes
/// of the disk, and a commit that did it would let all that wait behind it wait for them.
class Checkpointer {
public:
    /// `writer` must outlive this object. Its own checkpoints are off from now on.
    static Result<std::unique_ptr<Checkpointer>> start(const Path& file, SqliteConnection& writer);
    Checkpointer(const Checkpointer&) = delete;
    Checkpointer& operator=(const Checkpointer&) = delete;
    ~Checkpointer();

private:
    Checkpointer(std::unique_ptr<SqliteConnection> connection, SqliteConnection& writer);
    void grew(int pages);
    void wait_for_pause(std::unique_lock<std::mutex>& lock, const std::stop_token& stop);
    void work(const std::stop_token& stop);

    std::unique_ptr<SqliteConnection> connection_;
    SqliteConnection& writer_;
    std::mutex mutex_;
    std::condition_variable_any wake_;
    int pages_ = 0;              ///< of the log, when it is due; else 0
    std::int64_t commits_ = 0;   ///< told by grew
    std::int64_t restarts_ = 0;  ///< tried so far
    std::jthread thread_;
};

}  // namespace ramet::storage
