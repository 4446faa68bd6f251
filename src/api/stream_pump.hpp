#pragma once

#include "base/clock.hpp"

#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

namespace ramet::api {

/// One open stream that gets new data now and then: events, a followed log.
class Feed {
public:
    virtual ~Feed() = default;
    enum class State : bool { over, open };
    /// Sends what is new. Called from the pump's thread only; must not block for long.
    virtual State pump() = 0;
};

/// Feeds all open streams from one thread, so that a stream holds none. Without streams it sleeps.
class StreamPump {
public:
    StreamPump();
    ~StreamPump();
    StreamPump(const StreamPump&) = delete;
    StreamPump& operator=(const StreamPump&) = delete;

    void add(std::unique_ptr<Feed> feed);
    /// Something new may be there: looks at once instead of at the next beat.
    void notify();
    void stop();

private:
    void run();

    std::mutex mutex_;
    std::condition_variable changed_;
    std::vector<std::unique_ptr<Feed>> added_;
    bool notified_ = false;
    bool stopping_ = false;
    std::thread thread_;
};

}  // namespace ramet::api
