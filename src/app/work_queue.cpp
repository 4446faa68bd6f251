#include "app/work_queue.hpp"

#include "base/log.hpp"

#include <exception>

namespace ramet::app {

namespace {

thread_local std::vector<std::string> own_turns;

/// Twice as long as another server that stands still keeps its turn.
constexpr Milliseconds longest_wait{30'000};
constexpr Milliseconds again_after{1'000};

}  // namespace

WorkQueue::WorkQueue(Clock& clock, std::size_t threads, Work work) : WorkQueue(clock, threads, std::move(work), Turns{})
{
}

WorkQueue::WorkQueue(Clock& clock, std::size_t threads, Work work, Turns turns)
    : clock_(clock), work_(std::move(work)), turns_(std::move(turns))
{
    for (std::size_t i = 0; i < threads; ++i) threads_.emplace_back([this] { work_until_stopped(); });
}

WorkQueue::~WorkQueue()
{
    stop();
}

void WorkQueue::add(const std::string& key)
{
    add_after(key, Milliseconds(0));
}

void WorkQueue::add_after(const std::string& key, Milliseconds delay)
{
    std::unique_lock lock(mutex_);
    const auto is_earlier = keys_.add(key, clock_.monotonic() + delay);
    lock.unlock();
    if (is_earlier) has_due_.notify_one();
}

void WorkQueue::add_spaced(const std::string& key, Milliseconds spacing)
{
    std::unique_lock lock(mutex_);
    const auto is_earlier = keys_.add_spaced(key, spacing, clock_.monotonic());
    lock.unlock();
    if (is_earlier) has_due_.notify_one();
}

WorkQueue::Load WorkQueue::load()
{
    const auto now = clock_.monotonic();
    const std::scoped_lock lock(mutex_);
    return keys_.load(now);
}

void WorkQueue::stop()
{
    {
        const std::scoped_lock lock(mutex_);
        stopping_ = true;
    }
    has_due_.notify_all();
    has_ended_.notify_all();
    for (auto& thread : threads_)
        if (thread.joinable()) thread.join();
}

bool WorkQueue::take_due(std::string& key, std::unique_lock<std::mutex>& lock)
{
    const auto now = clock_.monotonic();
    auto next = keys_.take(now);
    if (next.key) {
        key = std::move(*next.key);
        // Whoever comes next takes what else is due, or keeps the time in our place.
        has_due_.notify_one();
        return true;
    }
    wait_for_due(next.at, lock);
    return false;
}

/// One thread keeps time; the others sleep until somebody wakes one. Whoever learns of an earlier time keeps it from then on.
void WorkQueue::wait_for_due(std::optional<Milliseconds> at, std::unique_lock<std::mutex>& lock)
{
    if (!at || (wakes_at_ && *wakes_at_ <= *at)) return has_due_.wait(lock);
    wakes_at_ = at;
    has_due_.wait_for(lock, *at - clock_.monotonic());
    if (wakes_at_ == at) wakes_at_.reset();
}

void WorkQueue::work_until_stopped()
{
    std::unique_lock lock(mutex_);
    while (!stopping_) {
        std::string key;
        if (!take_due(key, lock)) continue;
        lock.unlock();
        work_on(key);
        release(key);
        lock.lock();
    }
}

void WorkQueue::work_on(const std::string& key)
{
    const auto later = take_turn(key);
    if (!later) return add_after(key, again_after);
    if (*later) return add_after(key, **later);
    try {
        work_(key);
    } catch (const std::exception& exception) {
        log::error("working on {}: {}", key, exception.what());
    }
    give_back_turn(key);
}

Result<std::optional<Milliseconds>> WorkQueue::take_turn(const std::string& key)
{
    const auto later = turns_.take ? TRY(turns_.take(key)) : std::nullopt;
    if (!later) own_turns.push_back(key);
    return later;
}

void WorkQueue::give_back_turn(const std::string& key)
{
    own_turns.pop_back();
    if (turns_.give_back) turns_.give_back(key);
}

const std::vector<std::string>& WorkQueue::turns_of_this_thread()
{
    return own_turns;
}

void WorkQueue::release(const std::string& key)
{
    {
        const std::scoped_lock lock(mutex_);
        keys_.end(key);
    }
    // It may have been asked for meanwhile.
    has_due_.notify_one();
    has_ended_.notify_all();
}

WorkQueue::Turn::Turn(WorkQueue& queue, const std::string& key) : queue_(queue), key_(key)
{
    {
        std::unique_lock lock(queue_.mutex_);
        queue_.has_ended_.wait(lock, [&] { return queue_.keys_.begin(key_); });
    }
    error_ = wait_for_other_servers();
}

std::optional<Error> WorkQueue::Turn::wait_for_other_servers()
{
    const auto deadline = queue_.clock_.monotonic() + longest_wait;
    for (;;) {
        const auto later = queue_.take_turn(key_);
        if (!later) return later.error();
        if (!*later) return std::nullopt;
        std::unique_lock lock(queue_.mutex_);
        queue_.has_ended_.wait_for(lock, **later, [&] { return queue_.stopping_; });
        if (queue_.stopping_) return Error{ErrorKind::unavailable, "this server stops"};
        if (queue_.clock_.monotonic() < deadline) continue;
        return Error{ErrorKind::unavailable,
                     fmt::format("another server has worked on {} for {}", key_, format_duration(longest_wait)),
                     {},
                     "try again; a server that stands still is overtaken by then"};
    }
}

WorkQueue::Turn::~Turn()
{
    if (!error_) queue_.give_back_turn(key_);
    queue_.release(key_);
}

}  // namespace ramet::app
