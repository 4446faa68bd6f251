#include "shim/loop.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <ctime>
#include <utility>

namespace ramet::shim {

std::int64_t now_ms()
{
    timespec time{};
    ::clock_gettime(CLOCK_MONOTONIC, &time);
    return std::int64_t{time.tv_sec} * 1000 + time.tv_nsec / 1'000'000;
}

Loop::Loop() : epoll_(::epoll_create1(EPOLL_CLOEXEC))
{
    if (epoll_ < 0) std::abort();
}

Loop::~Loop()
{
    ::close(epoll_);
}

void Loop::add(int fd, std::uint32_t events, Watcher& watcher)
{
    epoll_event event{};
    event.events = events;
    event.data.ptr = &watcher;
    ::epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event);
}

void Loop::change(int fd, std::uint32_t events, Watcher& watcher)
{
    epoll_event event{};
    event.events = events;
    event.data.ptr = &watcher;
    ::epoll_ctl(epoll_, EPOLL_CTL_MOD, fd, &event);
}

void Loop::remove(int fd)
{
    ::epoll_ctl(epoll_, EPOLL_CTL_DEL, fd, nullptr);
}

void Loop::run()
{
    std::array<epoll_event, 64> events;
    while (running_) {
        const int count = ::epoll_wait(epoll_, events.data(), events.size(), wait_ms());
        for (int at = 0; at < count; ++at) {
            const auto& event = events[static_cast<std::size_t>(at)];
            static_cast<Watcher*>(event.data.ptr)->on_ready(event.events);
        }
        fire_timers();
        // Destructors may dispose of more.
        while (!disposed_.empty()) std::exchange(disposed_, {}).clear();
    }
}

int Loop::wait_ms() const
{
    std::int64_t due = INT64_MAX;
    for (const auto* timer : timers_) due = std::min(due, timer->due_);
    if (due == INT64_MAX) return -1;
    return static_cast<int>(std::clamp<std::int64_t>(due - now_ms(), 0, 3'600'000));
}

void Loop::fire_timers()
{
    const auto now = now_ms();
    // By index, and looked at anew each time: a callback may add and remove timers.
    for (std::size_t at = 0; at < timers_.size(); ++at) {
        auto* timer = timers_[at];
        if (timer->due_ > now) continue;
        timer->due_ = Timer::never;
        timer->call_();
    }
}

Timer::Timer(Loop& loop, std::function<void()> call) : loop_(loop), call_(std::move(call))
{
    loop_.timers_.push_back(this);
}

Timer::~Timer()
{
    std::erase(loop_.timers_, this);
}

}  // namespace ramet::shim
