#pragma once
// Private to the server.

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace ramet::net {

/// Threads that take work from a queue of bounded length.
class WorkerPool {
public:
    using Work = std::function<void()>;

    WorkerPool(std::size_t threads, std::size_t queue_limit);
    ~WorkerPool() { stop(); }

    /// False when the queue is full or the pool was stopped.
    bool submit(Work work);
    /// Drops what waits and joins the threads.
    void stop();

private:
    void run();

    std::size_t queue_limit_;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<Work> queue_;
    bool stopped_ = false;
    std::vector<std::jthread> threads_;
};

}  // namespace ramet::net
