#include "engine/thread_scheduler.hpp"

#include "base/log.hpp"

#include <algorithm>
#include <system_error>

namespace ramet::engine {
namespace {

/// What the current thread is, when it is a worker.
struct Worker {
    const ThreadScheduler* of = nullptr;
    bool has_call_to_make = false;  ///< it has asked for one for which nobody was woken
};

thread_local Worker self;

}  // namespace

ThreadScheduler::ThreadScheduler(Clock& clock, std::size_t most_workers) : clock_(clock), most_workers_(most_workers)
{
    threads_.emplace_back([this] { write_loop(); });
    threads_.emplace_back([this] { time_loop(); });
    // From the beginning, so that there is one when the machine has no threads left to give.
    threads_.emplace_back([this] { work_loop(); });
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
    if (self.of == this && !std::exchange(self.has_call_to_make, true)) return;
    wake_worker();
}

/// One at a time: whoever wakes and finds that there is more wakes the next. Where calls answer at once few are needed.
void ThreadScheduler::wake_worker()
{
    if (is_waking_) return;
    if (idle_workers_ > 0)
        has_call_.notify_one();
    else if (threads_.size() - 2 >= most_workers_ || !add_worker())  // Two of the threads write and keep time.
        return;
    is_waking_ = true;
}

/// Without another one the calls wait for those that there are.
bool ThreadScheduler::add_worker()
{
    try {
        threads_.emplace_back([this] { work_loop(); });
        lacks_threads_ = false;
        return true;
    } catch (const std::system_error& error) {
        if (!std::exchange(lacks_threads_, true))
            log::warning("no other thread can be started, calls wait for those that there are: {}", error.what());
        return false;
    }
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
    // A worker comes to it by itself.
    if (self.of != this) has_write_.notify_one();
}

/// What follows calls is short and mostly waits for the same mutex: one worker does it for all that have answered.
void ThreadScheduler::finish(Work done, std::unique_lock<std::mutex>& lock)
{
    finished_.push_back(std::move(done));
    if (is_finishing_) return;
    is_finishing_ = true;
    while (!finished_.empty()) {
        const auto next = std::move(finished_.front());
        finished_.pop_front();
        lock.unlock();
        next();
        lock.lock();
        if (!finished_.empty()) hand_over();
    }
    is_finishing_ = false;
}

/// This worker has more to do: others begin with what it would have come to.
void ThreadScheduler::hand_over()
{
    if (std::exchange(self.has_call_to_make, false)) wake_worker();
    if (!writes_.empty() && !is_writing_) has_write_.notify_one();
}

/// A worker writes itself, but not while a call waits for it.
void ThreadScheduler::write_here(std::unique_lock<std::mutex>& lock)
{
    while (!writes_.empty() && !is_writing_ && !self.has_call_to_make) run_next_write(lock);
    if (!writes_.empty() && !is_writing_) has_write_.notify_one();
}

void ThreadScheduler::run_next_write(std::unique_lock<std::mutex>& lock)
{
    auto work = std::move(writes_.front());
    writes_.pop_front();
    is_writing_ = true;
    lock.unlock();
    work();
    lock.lock();
    is_writing_ = false;
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
    self.of = this;
    std::unique_lock lock(mutex_);
    // Also where no call is left for a thread that has just begun.
    is_waking_ = false;
    while (true) {
        while (calls_.empty() && !ends_) {
            ++idle_workers_;
            has_call_.wait(lock);
            --idle_workers_;
            is_waking_ = false;
        }
        if (calls_.empty()) return;
        auto [work, done] = std::move(calls_.front());
        calls_.pop_front();
        if (!calls_.empty()) wake_worker();
        ++busy_;
        lock.unlock();
        work();
        lock.lock();
        finish(std::move(done), lock);
        write_here(lock);
        self.has_call_to_make = false;
        --busy_;
        is_done_.notify_all();
    }
}

void ThreadScheduler::write_loop()
{
    std::unique_lock lock(mutex_);
    while (true) {
        has_write_.wait(lock, [this] { return ends_ || (!writes_.empty() && !is_writing_); });
        if (writes_.empty()) return;
        ++busy_;
        run_next_write(lock);
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
