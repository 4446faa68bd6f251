#include "app/work_queue.hpp"

#include "support/temporary.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <latch>

using namespace ramet;
using namespace ramet::app;
using namespace std::chrono_literals;

namespace {

constexpr auto deadline = 20s;

}  // namespace

TEST_CASE("a key that is asked for many times while it waits is worked on once")
{
    SystemClock clock;
    std::latch may_go(1);
    std::atomic<int> worked = 0;
    WorkQueue queue(clock, 1, [&](const std::string& key) {
        if (key == "gate")
            may_go.wait();
        else
            ++worked;
    });
    queue.add("gate");
    for (int i = 0; i < 100; ++i) queue.add("pr-1");
    may_go.count_down();
    CHECK(testing::wait_until([&] { return worked == 1; }, deadline));
    // Another key behind it proves that no second turn for pr-1 was waiting.
    std::atomic<bool> end_seen = false;
    WorkQueue other(clock, 1, [&](const std::string&) { end_seen = true; });
    other.add("end");
    CHECK(testing::wait_until([&] { return end_seen.load(); }, deadline));
    CHECK(worked == 1);
}

TEST_CASE("a hint that comes while its key is worked on makes it run again")
{
    SystemClock clock;
    std::latch started(1);
    std::latch may_end(1);
    std::atomic<int> worked = 0;
    WorkQueue queue(clock, 4, [&](const std::string&) {
        if (++worked == 1) {
            started.count_down();
            may_end.wait();
        }
    });
    queue.add("pr-1");
    started.wait();
    queue.add("pr-1");
    may_end.count_down();
    CHECK(testing::wait_until([&] { return worked == 2; }, deadline));
}

TEST_CASE("one key is never worked on twice at once, also not beside run_exclusive")
{
    SystemClock clock;
    std::atomic<int> inside = 0;
    std::atomic<int> most = 0;
    std::atomic<int> turns = 0;
    const auto enter = [&] {
        most = std::max(most.load(), ++inside);
        --inside;
        ++turns;
    };
    WorkQueue queue(clock, 4, [&](const std::string&) { enter(); });
    std::vector<std::jthread> callers;
    for (int i = 0; i < 4; ++i)
        callers.emplace_back([&] {
            for (int turn = 0; turn < 200; ++turn) {
                queue.add("pr-1");
                queue.run_exclusive("pr-1", enter);
            }
        });
    callers.clear();
    CHECK(turns >= 800);
    CHECK(most == 1);
}

TEST_CASE("delayed work comes when it is due, and an earlier request wins")
{
    SystemClock clock;
    std::atomic<int> worked = 0;
    WorkQueue queue(clock, 1, [&](const std::string&) { ++worked; });
    queue.add_after("later", 1h);
    queue.add_after("later", 1ms);
    CHECK(testing::wait_until([&] { return worked == 1; }, deadline));
}

TEST_CASE("of many requests that are spaced the first is served at once, the last surely, and few in between")
{
    SystemClock clock;
    std::atomic<int> turns = 0;
    std::atomic<int> newest = 0;
    std::atomic<int> seen = 0;
    WorkQueue queue(clock, 4, [&](const std::string&) {
        seen = newest.load();
        ++turns;
    });
    const auto began = clock.monotonic();
    while (clock.monotonic() - began < 300ms) {
        ++newest;
        queue.add_spaced("pr-1", 50ms);
    }
    const auto asked_for = clock.monotonic() - began;
    CHECK(testing::wait_until([&] { return seen == newest; }, deadline));
    // One at the beginning, then after gaps of 50, 100, 200, 400 and at most 500 ms, and one after the end.
    int expected = 2;
    auto gap = 50ms;
    for (auto due = gap; due <= asked_for; due += gap) {
        ++expected;
        gap = std::min(2 * gap, 500ms);
    }
    CHECK(turns <= expected);
}

TEST_CASE("work that throws does not end its thread")
{
    SystemClock clock;
    std::atomic<int> worked = 0;
    WorkQueue queue(clock, 1, [&](const std::string& key) {
        if (key == "bad") throw std::runtime_error("planted");
        ++worked;
    });
    queue.add("bad");
    queue.add("good");
    CHECK(testing::wait_until([&] { return worked == 1; }, deadline));
}
