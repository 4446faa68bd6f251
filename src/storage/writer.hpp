#pragma once

#include "storage/transaction.hpp"

#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <set>
#include <span>
#include <vector>

namespace ramet::storage {

/// The one way to write. Writes of many threads that come together share one transaction and one fsync (group commit).
///
/// There is one writer at a time, but no thread of its own: the thread whose write is first in the queue runs all
/// that stand there, commits, and wakes the others. A lone write so costs one commit and no change of thread.
class Writer {
public:
    explicit Writer(std::unique_ptr<Connection> connection) : connection_(std::move(connection)) {}

    /// Runs `write` in a savepoint and returns when its result is durable. An error of `write` undoes what it did and
    /// nothing else; `unavailable` when the group could not be committed. `write` may run on another thread while
    /// this one waits; it must not call the writer again (`internal`), wait for a lock that somebody may hold while
    /// writing, or do slow work.
    Result<void> write(const Write& write);

    /// Several at once, each on its own, all of them in the same transaction: either a result for each, or one error
    /// for all.
    Result<std::vector<Result<void>>> write_all(std::span<const Write> writes);

    /// Why nothing can be written now: what the last transaction failed with. None when that was written.
    std::optional<Error> trouble();

private:
    /// One call of `write_all` that waits, on its caller's stack.
    struct Waiting {
        std::span<const Write> writes;
        std::vector<Result<void>> results{};
        std::vector<std::function<void()>> calls{};
        std::set<std::string> news{};
        std::optional<Error> error{};
        bool is_done = false;
        std::condition_variable wake{};
    };

    bool is_first(const Waiting& waiting) const;
    void lead(std::unique_lock<std::mutex>& lock);
    Result<void> commit(const std::vector<Waiting*>& group);
    /// Whether there is something to commit.
    Result<bool> run(const std::vector<Waiting*>& group);
    /// The outer error is the whole group's, the inner one that of this write alone.
    Result<Result<void>> run_in_savepoint(const Write& write, Waiting& waiting);
    Result<Result<void>> run_alone(const Write& write, Waiting& waiting);
    Result<void> announce(const std::vector<Waiting*>& group);

    std::unique_ptr<Connection> connection_;
    std::mutex mutex_;
    std::deque<Waiting*> queue_;
    bool is_writing_ = false;
    std::optional<Error> trouble_;
};

}  // namespace ramet::storage
