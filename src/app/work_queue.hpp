#pragma once

#include "app/due_keys.hpp"
#include "base/clock.hpp"
#include "base/result.hpp"

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace ramet::app {

/// Runs work by key, on threads of its own and of its callers; which key may run when is said by `DueKeys`. Thread-safe.
class WorkQueue {
public:
    using Work = std::function<void(const std::string& key)>;

    /// Where several servers share the work: whose turn it is at a key. `take` answers after which time to ask again, nothing when
    /// it is this server's turn until `give_back`; an error when that cannot be told.
    struct Turns {
        std::function<Result<std::optional<Milliseconds>>(const std::string& key)> take{};
        std::function<void(const std::string& key)> give_back{};
    };

    WorkQueue(Clock& clock, std::size_t threads, Work work);
    WorkQueue(Clock& clock, std::size_t threads, Work work, Turns turns);
    ~WorkQueue();
    WorkQueue(const WorkQueue&) = delete;
    WorkQueue& operator=(const WorkQueue&) = delete;

    /// Soon.
    void add(const std::string& key);
    /// Not before `delay` from now; an earlier time for the same key wins.
    void add_after(const std::string& key, Milliseconds delay);

    /// Soon, but not within `spacing` of the last time that it was asked for in this way: many requests become a few.
    void add_spaced(const std::string& key, Milliseconds spacing);

    /// Runs `body`, which gives a Result, on the calling thread while nothing else runs for `key`. `unavailable`, and nothing was run, when
    /// another server goes on for too long or this one stops; an error of `Turns::take` likewise.
    template <typename Body>
    auto run_exclusive(const std::string& key, Body&& body) -> decltype(body())
    {
        const Turn turn(*this, key);
        if (const auto& error = turn.error()) return std::unexpected(*error);
        return body();
    }

    /// The keys whose turn the calling thread has, the outermost first.
    static const std::vector<std::string>& turns_of_this_thread();

    /// What is due and was not begun yet.
    using Load = DueKeys::Load;
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

        /// Why it was not had.
        const std::optional<Error>& error() const { return error_; }

    private:
        std::optional<Error> wait_for_other_servers();

        WorkQueue& queue_;
        std::string key_;
        std::optional<Error> error_;
    };

    Result<std::optional<Milliseconds>> take_turn(const std::string& key);
    void give_back_turn(const std::string& key);
    void work_on(const std::string& key);
    void work_until_stopped();
    bool take_due(std::string& key, std::unique_lock<std::mutex>& lock);
    void wait_for_due(std::optional<Milliseconds> at, std::unique_lock<std::mutex>& lock);
    void release(const std::string& key);

    Clock& clock_;
    Work work_;
    Turns turns_;
    std::mutex mutex_;
    std::condition_variable has_due_;       ///< for our threads: one of them is woken
    std::condition_variable has_ended_;     ///< for callers that wait for their turn
    std::optional<Milliseconds> wakes_at_;  ///< when the thread that keeps time for all looks again
    DueKeys keys_;
    bool stopping_ = false;
    std::vector<std::thread> threads_;
};

}  // namespace ramet::app
