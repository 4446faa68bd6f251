#include "net/deadlines.hpp"

#include <doctest/doctest.h>

#include <functional>
#include <memory>
#include <vector>

namespace ramet::net {

namespace {

struct Alarm final : Timed {
    explicit Alarm(std::function<void()> the_action) : action(std::move(the_action)) {}
    void on_deadline() override { action(); }
    std::function<void()> action;
};

}  // namespace

TEST_CASE("a deadline that passed is told once; one that was moved or cleared is not")
{
    asio::io_context loop;
    Deadlines deadlines(loop);
    int told = 0;
    int moved = 0;
    Alarm first([&] { ++told; });
    Alarm second([&] { ++moved; });
    Alarm third([&] { ++moved; });
    deadlines.set_after(first, std::chrono::milliseconds(0));
    deadlines.set_after(second, std::chrono::milliseconds(0));
    deadlines.set_after(second, std::chrono::hours(1));
    deadlines.set_after(third, std::chrono::milliseconds(0));
    deadlines.clear(third);
    loop.run_one();
    loop.run_one();
    CHECK(told == 1);
    CHECK(moved == 0);
}

TEST_CASE("whoever is told may end any of the others, and itself")
{
    asio::io_context loop;
    Deadlines deadlines(loop);
    std::vector<std::unique_ptr<Alarm>> alarms;
    int told = 0;
    for (int i = 0; i < 10; ++i)
        alarms.push_back(std::make_unique<Alarm>([&] {
            ++told;
            alarms.clear();
        }));
    for (const auto& alarm : alarms) deadlines.set_after(*alarm, std::chrono::milliseconds(0));
    loop.run();
    CHECK(told == 1);
}

TEST_CASE("the timer rests when there is nothing to look at")
{
    asio::io_context loop;
    Deadlines deadlines(loop);
    {
        Alarm alarm([] {});
        deadlines.set_after(alarm, std::chrono::hours(1));
    }
    CHECK(loop.run() == 1);  // One look, and the loop has nothing more to do.
}

TEST_CASE("what is timed may outlive its deadlines")
{
    asio::io_context loop;
    Alarm alarm([] {});
    Deadlines(loop).set_after(alarm, std::chrono::hours(1));
    CHECK(true);
}

}  // namespace ramet::net
