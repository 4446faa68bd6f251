#pragma once

#include "engine/scheduler.hpp"

#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <thread>
#include <vector>

namespace ramet::engine {

/// The engine's threads: one that writes, one that keeps time, and workers that are started when there is work for them, up to
/// a limit. Idle runs cost no thread.
class ThreadScheduler final : public Scheduler {
public:
    explicit ThreadScheduler(Clock& clock, std::size_t most_workers = 64);
    ~ThreadScheduler() override;
    ThreadScheduler(const ThreadScheduler&) = delete;
    ThreadScheduler& operator=(const ThreadScheduler&) = delete;

    void call(Work work, Work done) override;
    void at(Milliseconds when, Work work) override;
    void write(Work work) override;
    void stop() override;

private:
    void work_loop();
    void write_loop();
    void time_loop();
    bool is_quiet() const;

    Clock& clock_;
    const std::size_t most_workers_;
    std::mutex mutex_;
    std::condition_variable has_call_;
    std::condition_variable has_write_;
    std::condition_variable has_timer_;
    std::condition_variable is_done_;
    std::deque<std::pair<Work, Work>> calls_;
    std::deque<Work> writes_;
    std::multimap<Milliseconds, Work> timers_;
    std::size_t idle_workers_ = 0;
    std::size_t busy_ = 0;  ///< threads that are inside some work
    bool drops_timers_ = false;
    bool ends_ = false;
    std::vector<std::thread> threads_;
};

}  // namespace ramet::engine
