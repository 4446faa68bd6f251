#include "engine/thread_scheduler.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <future>

namespace ramet::engine {
namespace {

TEST_CASE("writes run one after the other in their order")
{
    SystemClock clock;
    ThreadScheduler scheduler(clock);
    std::vector<int> written;
    for (int number = 0; number < 1000; ++number) scheduler.write([&written, number] { written.push_back(number); });
    scheduler.stop();
    REQUIRE(written.size() == 1000);
    for (int number = 0; number < 1000; ++number) CHECK(written[static_cast<std::size_t>(number)] == number);
}

TEST_CASE("calls run beside each other, and each is followed by what it is done for")
{
    SystemClock clock;
    ThreadScheduler scheduler(clock, 4);
    std::promise<void> all_are_in;
    const auto gate = all_are_in.get_future().share();
    std::atomic<int> inside = 0;
    std::atomic<int> done = 0;
    for (int call = 0; call < 4; ++call)
        scheduler.call(
            [&] {
                if (++inside == 4) all_are_in.set_value();
                gate.wait();
            },
            [&] { ++done; });
    scheduler.stop();
    CHECK(done == 4);
}

TEST_CASE("more calls than workers wait their turn")
{
    SystemClock clock;
    ThreadScheduler scheduler(clock, 2);
    std::atomic<int> inside = 0;
    std::atomic<int> most = 0;
    std::atomic<int> done = 0;
    for (int call = 0; call < 100; ++call)
        scheduler.call(
            [&] {
                const int now_inside = ++inside;
                int seen = most;
                while (now_inside > seen && !most.compare_exchange_weak(seen, now_inside)) {}
                --inside;
            },
            [&] { ++done; });
    scheduler.stop();
    CHECK(done == 100);
    CHECK(most <= 2);
}

TEST_CASE("timers fire in the order of their time, not of their making")
{
    SystemClock clock;
    ThreadScheduler scheduler(clock);
    std::vector<int> fired;
    std::promise<void> last;
    const auto now = clock.monotonic();
    scheduler.at(now + Milliseconds{30}, [&] {
        fired.push_back(2);
        last.set_value();
    });
    scheduler.at(now + Milliseconds{10}, [&] { fired.push_back(1); });
    REQUIRE(last.get_future().wait_for(std::chrono::seconds(20)) == std::future_status::ready);
    CHECK(fired == std::vector<int>{1, 2});
    CHECK(clock.monotonic() - now >= Milliseconds{30});
}

TEST_CASE("stop drops timers, ends what has begun and takes nothing new")
{
    SystemClock clock;
    ThreadScheduler scheduler(clock);
    std::atomic<int> ran = 0;
    scheduler.at(clock.monotonic() + Milliseconds{3'600'000}, [&] { ++ran; });
    scheduler.call([] {}, [&] { scheduler.write([&] { ran += 10; }); });
    scheduler.stop();
    CHECK(ran == 10);
    scheduler.write([&] { ++ran; });
    scheduler.at(clock.monotonic(), [&] { ++ran; });
    scheduler.call([&] { ++ran; }, [] {});
    scheduler.stop();
    CHECK(ran == 10);
}

}  // namespace
}  // namespace ramet::engine
