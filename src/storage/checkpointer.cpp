#include "storage/checkpointer.hpp"

#include "base/log.hpp"

#include <utility>

namespace ramet::storage {
namespace {

/// 4 kB each. Below this a checkpoint would flush the same pages of the database again and again.
constexpr int due_at = 1'000;
/// What flushes the database's pages holds up the commits that go on beside it: it waits until none came for this long.
constexpr std::chrono::milliseconds quiet{200};
/// Some 32 MB, at which it waits no longer for a pause.
constexpr int pressing_at = 8'000;
/// While commits go on without a pause, a checkpoint that waits for nobody never reaches the end of the log, and the log only
/// grows; at this size, some 64 MB, the writer is made to wait once.
constexpr int urgent_at = 16'000;
/// Where the disk moves pages more slowly than they are written, whoever commits waits for it: the log has a bound in any case.
constexpr int overdue_at = 32'000;
constexpr std::chrono::seconds longest_wait{10};

}  // namespace

Result<std::unique_ptr<Checkpointer>> Checkpointer::start(const Path& file, SqliteConnection& writer)
{
    auto connection = TRY(SqliteConnection::open(file, OpenMode::read_write));
    return std::unique_ptr<Checkpointer>(new Checkpointer(std::move(connection), writer));
}

Checkpointer::Checkpointer(std::unique_ptr<SqliteConnection> connection, SqliteConnection& writer)
    : connection_(std::move(connection)), writer_(writer)
{
    writer_.on_commit([this](int pages) { grew(pages); });
    thread_ = std::jthread([this](const std::stop_token& stop) { work(stop); });
}

Checkpointer::~Checkpointer()
{
    writer_.on_commit({});
}

/// On the thread that commits. It wakes the other one only where there is something to decide.
void Checkpointer::grew(int pages)
{
    if (pages < due_at) return;
    std::unique_lock lock(mutex_);
    const auto before = std::exchange(pages_, pages);
    ++commits_;
    if (before < due_at || (before < pressing_at && pages >= pressing_at) || pages >= overdue_at) wake_.notify_all();
    const auto restarts = restarts_;
    if (pages >= overdue_at) wake_.wait_for(lock, longest_wait, [&] { return restarts_ != restarts; });
}

void Checkpointer::wait_for_pause(std::unique_lock<std::mutex>& lock, const std::stop_token& stop)
{
    std::int64_t seen = 0;
    do {
        seen = commits_;
        wake_.wait_for(lock, stop, quiet, [&] { return pages_ >= pressing_at; });
    } while (seen != commits_ && pages_ < pressing_at && !stop.stop_requested());
}

void Checkpointer::work(const std::stop_token& stop)
{
    std::unique_lock lock(mutex_);
    while (wake_.wait(lock, stop, [&] { return pages_ > 0; })) {
        wait_for_pause(lock, stop);
        const auto how = std::exchange(pages_, 0) < urgent_at ? Checkpoint::passive : Checkpoint::restart;
        lock.unlock();
        const auto done = connection_->checkpoint(how);
        // A reader or a writer in the way is no fault: the next commit asks again.
        if (!done) log::debug("the write-ahead log was not moved: {}", done.error().message);
        lock.lock();
        if (how == Checkpoint::restart) ++restarts_;
        wake_.notify_all();
    }
}

}  // namespace ramet::storage
