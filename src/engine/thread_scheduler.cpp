#include "engine/thread_scheduler.hpp"

#include <algorithm>

namespace ramet::engine {

ThreadScheduler::ThreadScheduler(Clock& clock, std::size_t most_workers) : clock_(clock), most_workers_(most_workers)
{
    threads_.emplace_back([this] { write_loop(); });
    threads_.emplace_back([this] { time_loop(); });
}

ThreadScheduler::~ThreadScheduler()
{
    stop();
}

void ThreadScheduler::call(Work work, Work done)
{
    const std::lock_guard lock(mutex_);
    if (ends_) return;
    calls_.emplace_back(std::move(work), std::move(done));
    const bool all_are_busy = calls_.size() > idle_workers_;
    // Two of the threads write and keep time.
    if (all_are_busy && threads_.size() - 2 < most_workers_) threads_.emplace_back([this] { work_loop(); });
    has_call_.notify_one();
}

void ThreadScheduler::at(Milliseconds when, Work work)
{
    const std::lock_guard lock(mutex_);
    if (drops_timers_) return;
    const bool is_first = timers_.empty() || when < timers_.begin()->first;
    timers_.emplace(when, std::move(work));
    if (is_first) has_timer_.notify_one();
}

void ThreadScheduler::write(Work work)
{
    const std::lock_guard lock(mutex_);
    if (ends_) return;
    writes_.push_back(std::move(work));
    has_write_.notify_one();
}

bool ThreadScheduler::is_quiet() const
{
    return calls_.empty() && writes_.empty() && busy_ == 0;
}

void ThreadScheduler::stop()
{
    std::vector<std::thread> threads;
    {
        std::unique_lock lock(mutex_);
        drops_timers_ = true;
        timers_.clear();
        is_done_.wait(lock, [this] { return is_quiet(); });
        ends_ = true;
        threads.swap(threads_);
        has_call_.notify_all();
        has_write_.notify_all();
        has_timer_.notify_all();
    }
    for (auto& thread : threads) thread.join();
}

void ThreadScheduler::work_loop()
{
    std::unique_lock lock(mutex_);
    while (true) {
        ++idle_workers_;
        has_call_.wait(lock, [this] { return ends_ || !calls_.empty(); });
        --idle_workers_;
        if (calls_.empty()) return;
        auto [work, done] = std::move(calls_.front());
        calls_.pop_front();
        ++busy_;
        lock.unlock();
        work();
        done();
        lock.lock();
        --busy_;
        is_done_.notify_all();
    }
}

void ThreadScheduler::write_loop()
{
    std::unique_lock lock(mutex_);
    while (true) {
        has_write_.wait(lock, [this] { return ends_ || !writes_.empty(); });
        if (writes_.empty()) return;
        auto work = std::move(writes_.front());
        writes_.pop_front();
        ++busy_;
        lock.unlock();
        work();
        lock.lock();
        --busy_;
        is_done_.notify_all();
    }
}

void ThreadScheduler::time_loop()
{
    std::unique_lock lock(mutex_);
    while (!ends_) {
        if (timers_.empty()) {
            has_timer_.wait(lock);
            continue;
        }
        const auto first = timers_.begin();
        const auto left = first->first - clock_.monotonic();
        if (left > Milliseconds{0}) {
            has_timer_.wait_for(lock, left);
            continue;
        }
        auto work = std::move(first->second);
        timers_.erase(first);
        ++busy_;
        lock.unlock();
        work();
        lock.lock();
        --busy_;
        is_done_.notify_all();
    }
}

}  // namespace ramet::engine
