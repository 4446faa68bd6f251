#pragma once

#include "base/clock.hpp"
#include "base/result.hpp"

#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

namespace ramet::app {

/// Runs work by key: one at a time per key, and a key that is asked for while it waits is asked for once. A hint that comes
/// while its key is being worked on makes it run again afterwards, so that nothing which happened in between is missed.
/// Thread-safe.
class WorkQueue {
public:
    using Work = std::function<void(const std::string& key)>;

    WorkQueue(Clock& clock, std::size_t threads, Work work);
    ~WorkQueue();
    WorkQueue(const WorkQueue&) = delete;
    WorkQueue& operator=(const WorkQueue&) = delete;

    /// Soon.
    void add(const std::string& key);
    /// Not before `delay` from now; an earlier time for the same key wins.
    void add_after(const std::string& key, Milliseconds delay);

    /// Soon, but not within `spacing` of the last time that it was asked for in this way: many requests become a few. While they go
    /// on, the gap between two turns doubles, up to ten times `spacing`.
    void add_spaced(const std::string& key, Milliseconds spacing);

    /// Runs `body` on the calling thread while nothing else runs for `key`.
    template <typename Body>
    auto run_exclusive(const std::string& key, Body&& body)
    {
        const Turn turn(*this, key);
        return body();
    }

    /// What is due and was not begun yet.
    struct Load {
        std::size_t due = 0;
        Milliseconds lag{0};  ///< since the one that waits longest is due
    };
    Load load();

    /// Finishes what is running, forgets what waits (it is found again by reconcile_all), ends the threads.
    void stop();

private:
    class Turn {
    public:
        Turn(WorkQueue& queue, const std::string& key);
        ~Turn();
        Turn(const Turn&) = delete;
        Turn& operator=(const Turn&) = delete;

    private:
        WorkQueue& queue_;
        std::string key_;
    };

    struct Spaced {
        Milliseconds last;  ///< given, on the monotonic clock; it may lie ahead
        Milliseconds gap;
    };

    /// Whether something is due earlier than before: only then is there a reason to wake anybody.
    bool add_at(const std::string& key, Milliseconds due);
    Milliseconds next_spaced(const std::string& key, Milliseconds spacing);
    void work_until_stopped();
    bool take_due(std::string& key, std::unique_lock<std::mutex>& lock);
    void release(const std::string& key);

    Clock& clock_;
    Work work_;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::map<std::string, Milliseconds> waiting_;  ///< key → due, on the monotonic clock
    std::map<std::string, Spaced> spaced_;         ///< key → what add_spaced gave it
    std::set<std::string> running_;
    bool stopping_ = false;
    std::vector<std::thread> threads_;
};

}  // namespace ramet::app
