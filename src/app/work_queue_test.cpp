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

void must_run(WorkQueue& queue, const std::string& key, const std::function<void()>& body)
{
    const auto ran = queue.run_exclusive(key, [&]() -> Result<void> {
        body();
        return {};
    });
    if (!ran) FAIL(ran.error().message);
}

class HandClock final : public Clock {
public:
    Time now() override { return {}; }
    Milliseconds monotonic() override { return at; }
    Milliseconds at{0};
};

/// Turns of a store that other servers share: what is answered to whoever asks for one.
struct SharedTurns {
    std::function<Result<std::optional<Milliseconds>>()> answer;
    std::atomic<int> asked = 0;
    std::atomic<int> given_back = 0;

    WorkQueue::Turns turns()
    {
        return {[this](const std::string&) {
                    ++asked;
                    return answer();
                },
                [this](const std::string&) { ++given_back; }};
    }
};

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
                must_run(queue, "pr-1", enter);
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

TEST_CASE("where nobody can tell whose turn it is nothing is run, and whoever asked learns why")
{
    SystemClock clock;
    SharedTurns store{[] { return fail(ErrorKind::unavailable, "the store is away"); }};
    WorkQueue queue(clock, 0, [](const std::string&) {}, store.turns());
    bool was_run = false;
    const auto ran = queue.run_exclusive("pr-1", [&]() -> Result<void> {
        was_run = true;
        return {};
    });
    REQUIRE_FALSE(ran.has_value());
    CHECK(ran.error().message == "the store is away");
    CHECK_FALSE(was_run);
    CHECK(store.given_back == 0);
    // The next one is not held up by it.
    store.answer = [] { return std::optional<Milliseconds>(); };
    must_run(queue, "pr-1", [&] { was_run = true; });
    CHECK(was_run);
    CHECK(store.given_back == 1);
}

TEST_CASE("another server's turn is waited for, but not for ever")
{
    HandClock clock;
    SharedTurns store{[&]() -> Result<std::optional<Milliseconds>> {
        clock.at += 5s;
        return Milliseconds{1};
    }};
    WorkQueue queue(clock, 0, [](const std::string&) {}, store.turns());
    const auto ran = queue.run_exclusive("pr-1", []() -> Result<void> { return {}; });
    REQUIRE_FALSE(ran.has_value());
    CHECK(ran.error().kind == ErrorKind::unavailable);
    CHECK(ran.error().message.contains("another server has worked on pr-1"));
    CHECK(store.asked == 6);
}

TEST_CASE("a server that stops waits for no other's turn, and runs nothing in it")
{
    SystemClock clock;
    SharedTurns store{[]() -> Result<std::optional<Milliseconds>> { return Milliseconds{10'000}; }};
    WorkQueue queue(clock, 0, [](const std::string&) {}, store.turns());
    std::optional<Result<void>> ran;
    {
        const std::jthread caller([&] { ran = queue.run_exclusive("pr-1", []() -> Result<void> { return {}; }); });
        REQUIRE(testing::wait_until([&] { return store.asked > 0; }, deadline));
        queue.stop();
    }
    CHECK(ran->error().message == "this server stops");
}
