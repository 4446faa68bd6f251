#pragma once

#include <sys/epoll.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

namespace ramet::shim {

/// Milliseconds of the monotonic clock.
std::int64_t now_ms();

/// Something with a descriptor in the loop.
class Watcher {
public:
    virtual ~Watcher() = default;
    /// `events` as epoll(7) gives them. May be called once more in the same round after the descriptor was closed.
    virtual void on_ready(std::uint32_t events) = 0;
};

class Timer;

/// One thread, one epoll. Everything in the shim happens in its callbacks.
class Loop {
public:
    Loop();
    ~Loop();
    Loop(const Loop&) = delete;
    Loop& operator=(const Loop&) = delete;

    void add(int fd, std::uint32_t events, Watcher& watcher);
    void change(int fd, std::uint32_t events, Watcher& watcher);
    void remove(int fd);

    /// Keeps `object` until the present round of events is over: others may still hold a pointer to it.
    void dispose(std::unique_ptr<Watcher> object) { disposed_.push_back(std::move(object)); }

    /// Until `stop`.
    void run();
    void stop() { running_ = false; }

private:
    friend class Timer;
    int wait_ms() const;
    void fire_timers();

    int epoll_;
    bool running_ = true;
    std::vector<Timer*> timers_;
    std::vector<std::unique_ptr<Watcher>> disposed_;
};

/// Calls back once, `set` milliseconds from now; setting again moves it.
class Timer {
public:
    Timer(Loop& loop, std::function<void()> call);
    ~Timer();
    Timer(const Timer&) = delete;
    Timer& operator=(const Timer&) = delete;

    void set(std::int64_t milliseconds) { due_ = now_ms() + milliseconds; }
    void cancel() { due_ = never; }
    bool is_set() const { return due_ != never; }

private:
    friend class Loop;
    static constexpr std::int64_t never = INT64_MAX;
    Loop& loop_;
    std::function<void()> call_;
    std::int64_t due_ = never;
};

}  // namespace ramet::shim
