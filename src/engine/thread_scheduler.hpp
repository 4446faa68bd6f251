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
///
/// A change of thread takes about as long as a commit. A worker that has something to write writes it itself when nobody else
/// does, and takes up the call that follows from it: a run whose calls answer at once stays on one thread.
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
    void wake_worker();
    bool add_worker();
    void finish(Work done, std::unique_lock<std::mutex>& lock);
    void hand_over();
    void write_here(std::unique_lock<std::mutex>& lock);
    void run_next_write(std::unique_lock<std::mutex>& lock);
    bool is_quiet() const;

    Clock& clock_;
    const std::size_t most_workers_;
    std::mutex mutex_;
    std::condition_variable has_call_;
    std::condition_variable has_write_;
    std::condition_variable has_timer_;
    std::condition_variable is_done_;
    std::deque<std::pair<Work, Work>> calls_;
    std::deque<Work> finished_;  ///< what follows calls that have answered
    std::deque<Work> writes_;
    std::multimap<Milliseconds, Work> timers_;
    std::size_t idle_workers_ = 0;
    std::size_t busy_ = 0;  ///< threads that are inside some work
    bool lacks_threads_ = false;
    bool is_waking_ = false;  ///< a worker was woken or started, and has not looked for a call yet
    bool is_finishing_ = false;
    bool is_writing_ = false;
    bool drops_timers_ = false;
    bool ends_ = false;
    std::vector<std::thread> threads_;
};

}  // namespace ramet::engine
