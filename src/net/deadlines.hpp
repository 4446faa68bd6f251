#pragma once
// Private to the server and the proxy: includes Asio.

#include "net/asio.hpp"

#include <chrono>

namespace ramet::net {

using Instant = std::chrono::steady_clock::time_point;

class Deadlines;

/// Something that must be told when it took too long. Belongs to the thread of its loop.
class Timed {
public:
    Timed() = default;
    Timed(const Timed&) = delete;
    Timed& operator=(const Timed&) = delete;

protected:
    virtual ~Timed();
    /// Called once per deadline, up to a quarter of a second late.
    virtual void on_deadline() = 0;

private:
    friend class Deadlines;
    Deadlines* owner_ = nullptr;
    Timed* previous_ = nullptr;
    Timed* next_ = nullptr;
    Instant deadline_ = Instant::max();
};

/// The deadlines of one loop. Setting one is two stores, so that it can be done several times per request; one timer
/// for all looks at them four times a second, and runs only while there is anything to look at.
class Deadlines {
public:
    explicit Deadlines(asio::io_context& loop) : timer_(loop) {}
    ~Deadlines();
    Deadlines(const Deadlines&) = delete;
    Deadlines& operator=(const Deadlines&) = delete;

    void set(Timed& timed, Instant deadline);
    void set_after(Timed& timed, std::chrono::milliseconds duration) { set(timed, now() + duration); }
    void clear(Timed& timed) { timed.deadline_ = Instant::max(); }
    static Instant now() { return std::chrono::steady_clock::now(); }

private:
    friend class Timed;
    void add(Timed& timed);
    void remove(Timed& timed);
    void arm();
    void look();

    asio::steady_timer timer_;
    Timed* first_ = nullptr;
    /// Where `look` goes on: what it calls may remove any of the others.
    Timed* cursor_ = nullptr;
    bool armed_ = false;
};

}  // namespace ramet::net
