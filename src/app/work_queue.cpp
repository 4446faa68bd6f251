#include "app/work_queue.hpp"

#include "base/log.hpp"

#include <exception>

namespace ramet::app {

namespace {

constexpr std::size_t remembered_spaced = 1'000;
constexpr int widest_gap = 10;

}  // namespace

WorkQueue::WorkQueue(Clock& clock, std::size_t threads, Work work) : clock_(clock), work_(std::move(work))
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
    const auto is_earlier = add_at(key, clock_.monotonic() + delay);
    lock.unlock();
    if (is_earlier) changed_.notify_all();
}

void WorkQueue::add_spaced(const std::string& key, Milliseconds spacing)
{
    std::unique_lock lock(mutex_);
    const auto is_earlier = add_at(key, next_spaced(key, spacing));
    lock.unlock();
    if (is_earlier) changed_.notify_all();
}

Milliseconds WorkQueue::next_spaced(const std::string& key, Milliseconds spacing)
{
    const auto now = clock_.monotonic();
    if (spaced_.size() >= remembered_spaced)
        std::erase_if(spaced_, [&](const auto& one) { return one.second.last + one.second.gap < now; });
    const auto [found, is_first] = spaced_.emplace(key, Spaced{now, spacing});
    auto& [last, gap] = found->second;
    if (is_first || last > now) return last;
    if (last + gap <= now) {
        found->second = {now, spacing};
    } else {
        last += gap;
        gap = std::min(2 * gap, widest_gap * spacing);
    }
    return last;
}

bool WorkQueue::add_at(const std::string& key, Milliseconds due)
{
    const auto [found, is_new] = waiting_.emplace(key, due);
    if (is_new) return true;
    if (found->second <= due) return false;
    found->second = due;
    return true;
}

WorkQueue::Load WorkQueue::load()
{
    const auto now = clock_.monotonic();
    const std::scoped_lock lock(mutex_);
    Load load;
    for (const auto& [key, due] : waiting_) {
        if (due > now) continue;
        ++load.due;
        load.lag = std::max(load.lag, now - due);
    }
    return load;
}

void WorkQueue::stop()
{
    {
        const std::scoped_lock lock(mutex_);
        stopping_ = true;
    }
    changed_.notify_all();
    for (auto& thread : threads_)
        if (thread.joinable()) thread.join();
}

bool WorkQueue::take_due(std::string& key, std::unique_lock<std::mutex>& lock)
{
    const auto now = clock_.monotonic();
    auto next = Milliseconds::max();
    for (auto waiting = waiting_.begin(); waiting != waiting_.end(); ++waiting) {
        if (running_.contains(waiting->first)) continue;  // Its release wakes us.
        if (waiting->second <= now) {
            key = waiting->first;
            waiting_.erase(waiting);
            running_.insert(key);
            return true;
        }
        next = std::min(next, waiting->second);
    }
    if (next == Milliseconds::max())
        changed_.wait(lock);
    else
        changed_.wait_for(lock, next - now);
    return false;
}

void WorkQueue::work_until_stopped()
{
    std::unique_lock lock(mutex_);
    while (!stopping_) {
        std::string key;
        if (!take_due(key, lock)) continue;
        lock.unlock();
        try {
            work_(key);
        } catch (const std::exception& exception) {
            log::error("working on {}: {}", key, exception.what());
        }
        release(key);
        lock.lock();
    }
}

void WorkQueue::release(const std::string& key)
{
    {
        const std::scoped_lock lock(mutex_);
        running_.erase(key);
    }
    changed_.notify_all();
}

WorkQueue::Turn::Turn(WorkQueue& queue, const std::string& key) : queue_(queue), key_(key)
{
    std::unique_lock lock(queue_.mutex_);
    queue_.changed_.wait(lock, [&] { return !queue_.running_.contains(key_); });
    queue_.running_.insert(key_);
}

WorkQueue::Turn::~Turn()
{
    queue_.release(key_);
}

}  // namespace ramet::app
