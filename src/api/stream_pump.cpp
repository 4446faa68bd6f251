#include "api/stream_pump.hpp"

#include <algorithm>
#include <iterator>

namespace ramet::api {

namespace {

// Files have no bell of their own: a followed log is looked at this often.
constexpr auto beat = std::chrono::milliseconds(100);

}  // namespace

StreamPump::StreamPump() : thread_([this] { run(); }) {}

StreamPump::~StreamPump()
{
    stop();
}

void StreamPump::add(std::unique_ptr<Feed> feed)
{
    {
        const std::scoped_lock lock(mutex_);
        added_.push_back(std::move(feed));
        notified_ = true;
    }
    changed_.notify_all();
}

void StreamPump::notify()
{
    {
        const std::scoped_lock lock(mutex_);
        notified_ = true;
    }
    changed_.notify_all();
}

void StreamPump::stop()
{
    {
        const std::scoped_lock lock(mutex_);
        stopping_ = true;
    }
    changed_.notify_all();
    if (thread_.joinable()) thread_.join();
}

void StreamPump::run()
{
    std::vector<std::unique_ptr<Feed>> feeds;
    std::unique_lock lock(mutex_);
    while (!stopping_) {
        const auto woken = [&] { return notified_ || stopping_; };
        if (feeds.empty())
            changed_.wait(lock, woken);
        else
            changed_.wait_for(lock, beat, woken);
        notified_ = false;
        std::ranges::move(added_, std::back_inserter(feeds));
        added_.clear();
        lock.unlock();
        std::erase_if(feeds, [](const auto& feed) { return feed->pump() == Feed::State::over; });
        lock.lock();
    }
}

}  // namespace ramet::api
