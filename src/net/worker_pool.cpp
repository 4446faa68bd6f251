#include "net/worker_pool.hpp"

namespace ramet::net {

WorkerPool::WorkerPool(std::size_t threads, std::size_t queue_limit) : queue_limit_(queue_limit)
{
    for (std::size_t i = 0; i < threads; ++i) threads_.emplace_back([this] { run(); });
}

bool WorkerPool::submit(Work work)
{
    {
        const std::lock_guard lock(mutex_);
        if (stopped_ || queue_.size() >= queue_limit_) return false;
        queue_.push_back(std::move(work));
    }
    changed_.notify_one();
    return true;
}

void WorkerPool::stop()
{
    std::deque<Work> dropped;
    {
        const std::lock_guard lock(mutex_);
        stopped_ = true;
        dropped.swap(queue_);
    }
    changed_.notify_all();
    threads_.clear();
}

void WorkerPool::run()
{
    std::unique_lock lock(mutex_);
    while (true) {
        changed_.wait(lock, [&] { return stopped_ || !queue_.empty(); });
        if (stopped_) return;
        auto work = std::move(queue_.front());
        queue_.pop_front();
        lock.unlock();
        work();
        work = nullptr;  // Its captures end here, not under the lock.
        lock.lock();
    }
}

}  // namespace ramet::net
