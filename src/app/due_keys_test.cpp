#include "app/due_keys.hpp"

#include <doctest/doctest.h>

using namespace ramet;
using namespace ramet::app;
using namespace std::chrono_literals;

TEST_CASE("a key that is asked for twice while it waits is begun once, at the earlier time")
{
    DueKeys keys;
    CHECK(keys.add("pr-1", 50ms));
    CHECK(!keys.add("pr-1", 80ms));
    CHECK(keys.add("pr-1", 20ms));
    CHECK(keys.take(10ms).at == 20ms);
    CHECK(keys.take(20ms).key == "pr-1");
    keys.end("pr-1");
    CHECK(!keys.take(100ms).key);
}

TEST_CASE("a key that is asked for while it is worked on has another turn afterwards, and none before")
{
    DueKeys keys;
    keys.add("pr-1", 0ms);
    REQUIRE(keys.take(0ms).key);
    keys.add("pr-1", 0ms);
    const auto meanwhile = keys.take(5ms);
    CHECK(!meanwhile.key);
    CHECK(!meanwhile.at);
    keys.end("pr-1");
    CHECK(keys.take(5ms).key == "pr-1");
}

TEST_CASE("what a caller has begun is nobody else's until it is ended")
{
    DueKeys keys;
    CHECK(keys.begin("environment/1"));
    CHECK(!keys.begin("environment/1"));
    keys.add("environment/1", 0ms);
    CHECK(!keys.take(0ms).key);
    keys.end("environment/1");
    CHECK(keys.take(0ms).key == "environment/1");
}

TEST_CASE("twenty hints within two seconds come to six turns, and the last one has a turn after it")
{
    DueKeys keys;
    int turns = 0;
    auto last_turn = 0ms;
    for (auto now = 0ms; now <= 5'000ms; now += 1ms) {
        if (now < 20 * 90ms && now % 90ms == 0ms) keys.add_spaced("pr-1", 100ms, now);
        if (const auto next = keys.take(now); next.key) {
            ++turns;
            last_turn = now;
            keys.end(*next.key);
        }
    }
    CHECK(turns == 6);
    CHECK(last_turn >= 19 * 90ms);
}

TEST_CASE("the load is what is due and not begun")
{
    DueKeys keys;
    keys.add("a", 10ms);
    keys.add("b", 30ms);
    keys.add("c", 90ms);
    CHECK(keys.load(40ms).due == 2);
    CHECK(keys.load(40ms).lag == 30ms);
    REQUIRE(keys.take(40ms).key == "a");
    CHECK(keys.load(40ms).due == 1);
}
