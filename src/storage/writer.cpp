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

/// A full disk or an I/O error ends the whole transaction, and with it what the neighbours had written.
std::unexpected<Error> lost(const Result<void>& result)
{
    return result ? fail(ErrorKind::internal, "a write ended the transaction") : std::unexpected(result.error());
}

void keep(Transaction& transaction, std::vector<std::function<void()>>& calls, std::set<std::string>& news)
{
    std::ranges::move(transaction.take_calls(), std::back_inserter(calls));
    news.merge(transaction.take_news());
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
    const auto done = commit(group);
    lock.lock();
    trouble_ = done ? std::nullopt : std::optional(done.error());
    is_writing_ = false;
    for (auto* const waiting : group) {
        waiting->is_done = true;
        // Under the lock: once it is given up, `waiting` may be gone.
        waiting->wake.notify_one();
    }
    if (!queue_.empty()) queue_.front()->wake.notify_one();
}

std::optional<Error> Writer::trouble()
{
    const std::lock_guard lock(mutex_);
    return trouble_;
}

Result<void> Writer::commit(const std::vector<Waiting*>& group)
{
    Result<void> done = connection_->begin_writing();
    if (done) {
        const auto has_written = run(group);
        if (has_written && !*has_written) {
            connection_->roll_back();
            const auto& refused = group.front()->results.front();
            return refused.error().kind == ErrorKind::unavailable ? refused : Result<void>();
        }
        done = has_written ? announce(group) : std::unexpected(has_written.error());
    }
    if (done) done = connection_->commit();
    if (!done) {
        connection_->roll_back();
        const auto error = connection_->is_in_doubt() ? done.error() : in_context(done.error(), "nothing was written");
        for (auto* const waiting : group) waiting->error = error;
        return done;
    }
    for (auto* const waiting : group)
        for (const auto& after : waiting->calls) after();
    return done;
}

Result<bool> Writer::run(const std::vector<Waiting*>& group)
{
    if (group.size() == 1 && group.front()->writes.size() == 1) {
        auto& waiting = *group.front();
        waiting.results.push_back(TRY(run_alone(waiting.writes.front(), waiting)));
        return waiting.results.front().has_value();
    }
    for (auto* const waiting : group)
        for (const auto& write : waiting->writes) waiting->results.push_back(TRY(run_in_savepoint(write, *waiting)));
    return true;
}

/// Nobody else's writes are in this transaction: it needs no savepoint, as all of it can be undone.
Result<Result<void>> Writer::run_alone(const Write& write, Waiting& waiting)
{
    Transaction transaction(*connection_);
    auto result = call(write, transaction);
    if (!connection_->is_in_transaction()) return lost(result);
    if (result) keep(transaction, waiting.calls, waiting.news);
    return result;
}

Result<Result<void>> Writer::run_in_savepoint(const Write& write, Waiting& waiting)
{
    TRY(connection_->execute("SAVEPOINT one"));
    Transaction transaction(*connection_);
    auto result = call(write, transaction);
    if (!connection_->is_in_transaction()) return lost(result);
    if (!result) TRY(connection_->execute("ROLLBACK TO one"));
    TRY(connection_->execute("RELEASE one"));
    if (result) keep(transaction, waiting.calls, waiting.news);
    return result;
}

Result<void> Writer::announce(const std::vector<Waiting*>& group)
{
    std::set<std::string> all;
    for (auto* const waiting : group) all.merge(waiting->news);
    for (const auto& news : all) TRY(connection_->announce(news));
    return {};
}

}  // namespace ramet::storage
