#include "storage/writer.hpp"

#include <algorithm>
#include <exception>
#include <new>

namespace ramet::storage {
namespace {

/// A transaction stays short, so that the last of a long queue does not wait for all.
constexpr std::size_t largest_group = 512;

thread_local bool is_inside_a_write = false;

/// What a closure did, with the exceptions of libraries turned into errors.
Result<void> call(const Write& write, Transaction& transaction)
{
    is_inside_a_write = true;
    Result<void> result;
    try {
        result = write(transaction);
    } catch (const std::bad_alloc&) {
        result = fail(ErrorKind::unavailable, "out of memory in a write to the database");
    } catch (const std::exception& exception) {
        result = fail(ErrorKind::internal, "a write to the database threw: {}", exception.what());
    }
    is_inside_a_write = false;
    return result;
}

}  // namespace

Result<void> Writer::write(const Write& write)
{
    auto results = TRY(write_all(std::span(&write, 1)));
    return std::move(results.front());
}

Result<std::vector<Result<void>>> Writer::write_all(std::span<const Write> writes)
{
    if (is_inside_a_write) return fail(ErrorKind::internal, "a write to the database began another one");
    Waiting mine{writes};
    std::unique_lock lock(mutex_);
    queue_.push_back(&mine);
    mine.wake.wait(lock, [&] { return mine.is_done || is_first(mine); });
    if (!mine.is_done) lead(lock);
    if (mine.error) return std::unexpected(std::move(*mine.error));
    return std::move(mine.results);
}

bool Writer::is_first(const Waiting& waiting) const
{
    return !is_writing_ && queue_.front() == &waiting;
}

void Writer::lead(std::unique_lock<std::mutex>& lock)
{
    is_writing_ = true;
    const auto size = std::min(queue_.size(), largest_group);
    const std::vector<Waiting*> group(queue_.begin(), queue_.begin() + static_cast<std::ptrdiff_t>(size));
    queue_.erase(queue_.begin(), queue_.begin() + static_cast<std::ptrdiff_t>(size));
    lock.unlock();
    commit(group);
    lock.lock();
    is_writing_ = false;
    for (auto* const waiting : group) {
        waiting->is_done = true;
        // Under the lock: once it is given up, `waiting` may be gone.
        waiting->wake.notify_one();
    }
    if (!queue_.empty()) queue_.front()->wake.notify_one();
}

void Writer::commit(const std::vector<Waiting*>& group)
{
    Result<void> done = connection_->execute_script("BEGIN IMMEDIATE");
    if (done) done = run_all(group);
    if (done) done = connection_->execute_script("COMMIT");
    if (!done) {
        if (connection_->is_in_transaction()) (void)connection_->execute_script("ROLLBACK");
        for (auto* const waiting : group) waiting->error = in_context(done.error(), "nothing was written");
        return;
    }
    for (auto* const waiting : group)
        for (const auto& after : waiting->calls) after();
}

Result<void> Writer::run_all(const std::vector<Waiting*>& group)
{
    for (auto* const waiting : group)
        for (const auto& write : waiting->writes) waiting->results.push_back(TRY(run_in_savepoint(write, *waiting)));
    return {};
}

Result<Result<void>> Writer::run_in_savepoint(const Write& write, Waiting& waiting)
{
    TRY(connection_->execute("SAVEPOINT one"));
    Transaction transaction(*connection_);
    auto result = call(write, transaction);
    // A full disk or an I/O error ends the whole transaction, and with it what the neighbours had written.
    if (!connection_->is_in_transaction())
        return result ? fail(ErrorKind::internal, "a write ended the transaction") : std::unexpected(result.error());
    if (!result) TRY(connection_->execute("ROLLBACK TO one"));
    TRY(connection_->execute("RELEASE one"));
    if (result)
        for (auto& after : transaction.take_calls()) waiting.calls.push_back(std::move(after));
    return result;
}

}  // namespace ramet::storage
