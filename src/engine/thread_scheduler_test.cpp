#include "engine/thread_scheduler.hpp"

#include <doctest/doctest.h>

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <barrier>
#include <fstream>
#include <future>
#include <set>
#include <thread>

namespace ramet::engine {
namespace {

/// From here on there is no memory for another thread's stack, and none that an earlier thread has left.
void forbid_threads()
{
    std::ifstream statm("/proc/self/statm");
    rlim_t pages = 0;
    statm >> pages;
    const rlim_t room = pages * static_cast<rlim_t>(::sysconf(_SC_PAGESIZE)) + (2U << 20U);
    const rlimit limit{room, room};
    if (::setrlimit(RLIMIT_AS, &limit) != 0) ::_exit(2);
    constexpr int more_than_fit = 1'000;
    try {
        for (int thread = 0; thread < more_than_fit; ++thread) std::thread([] { ::pause(); }).detach();
    } catch (const std::system_error&) {
        return;
    }
    ::_exit(3);
}

TEST_CASE("where no other thread can be started, calls wait for those that there are")
{
    const auto child = ::fork();
    if (child == 0) {
        SystemClock clock;
        ThreadScheduler scheduler(clock, 8);
        forbid_threads();
        std::atomic<int> inside = 0;
        std::atomic<int> most = 0;
        std::atomic<int> done = 0;
        for (int call = 0; call < 10; ++call)
            scheduler.call(
                [&] {
                    most = std::max(most.load(), ++inside);
                    ::usleep(1'000);
                    --inside;
                },
                [&] { ++done; });
        scheduler.stop();
        ::_exit(done == 10 && most == 1 ? 0 : 1);
    }
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    CHECK(status == 0);
}

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
    std::barrier all_are_in(4);
    std::atomic<int> done = 0;
    for (int call = 0; call < 4; ++call) scheduler.call([&] { all_are_in.arrive_and_wait(); }, [&] { ++done; });
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

TEST_CASE("calls that one worker asks for at once run beside each other too")
{
    SystemClock clock;
    ThreadScheduler scheduler(clock, 4);
    std::barrier all_are_in(4);
    std::atomic<int> done = 0;
    scheduler.call([] {},
                   [&] {
                       for (int call = 0; call < 4; ++call)
                           scheduler.call([&] { all_are_in.arrive_and_wait(); }, [&] { ++done; });
                   });
    scheduler.stop();
    CHECK(done == 4);
}

TEST_CASE("work that answers at once stays on one thread: call, write, call, …")
{
    SystemClock clock;
    ThreadScheduler scheduler(clock);
    std::set<std::thread::id> threads;
    std::function<void(int)> go_on = [&](int left) {
        if (left == 0) return;
        scheduler.call([&] { threads.insert(std::this_thread::get_id()); },
                       [&, left] {
                           scheduler.write([&, left] {
                               threads.insert(std::this_thread::get_id());
                               go_on(left - 1);
                           });
                       });
    };
    go_on(100);
    scheduler.stop();
    CHECK(threads.size() == 1);
}

TEST_CASE("a call never waits for what its worker writes after it")
{
    SystemClock clock;
    ThreadScheduler scheduler(clock);
    std::promise<void> called;
    auto was_called = called.get_future().share();
    std::atomic<int> written = 0;
    scheduler.call([] {},
                   [&] {
                       scheduler.call([&] { called.set_value(); }, [] {});
                       scheduler.write([&] {
                           if (was_called.wait_for(std::chrono::seconds(20)) == std::future_status::ready) ++written;
                       });
                   });
    scheduler.stop();
    CHECK(written == 1);
}

TEST_CASE("writes of many workers never run beside each other")
{
    SystemClock clock;
    ThreadScheduler scheduler(clock, 8);
    int written = 0;  // Not atomic: it is the lane that guards it.
    std::atomic<int> inside = 0;
    std::atomic<int> most = 0;
    for (int call = 0; call < 2000; ++call)
        scheduler.call([] {},
                       [&] {
                           scheduler.write([&] {
                               const int now_inside = ++inside;
                               if (now_inside > most) most = now_inside;
                               ++written;
                               --inside;
                           });
                       });
    scheduler.stop();
    CHECK(written == 2000);
    CHECK(most == 1);
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
