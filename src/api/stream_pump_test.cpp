#include "api/stream_pump.hpp"

#include "support/temporary.hpp"

#include <doctest/doctest.h>

#include <atomic>

namespace ramet::api {

namespace {

/// Is pumped `lives` times.
class CountedFeed final : public Feed {
public:
    CountedFeed(std::atomic<int>& pumped, std::atomic<int>& gone, int lives)
        : pumped_(pumped), gone_(gone), lives_(lives)
    {
    }
    ~CountedFeed() override { ++gone_; }
    State pump() override
    {
        ++pumped_;
        return --lives_ > 0 ? State::open : State::over;
    }

private:
    std::atomic<int>& pumped_;
    std::atomic<int>& gone_;
    int lives_;
};

}  // namespace

TEST_CASE("a feed is pumped until it is over, and then let go")
{
    std::atomic<int> pumped = 0;
    std::atomic<int> gone = 0;
    StreamPump pump;
    pump.add(std::make_unique<CountedFeed>(pumped, gone, 3));
    CHECK(testing::wait_until([&] { return gone == 1; }));
    CHECK(pumped == 3);
}

TEST_CASE("many feeds from many threads are all pumped by one")
{
    std::atomic<int> pumped = 0;
    std::atomic<int> gone = 0;
    StreamPump pump;
    {
        std::vector<std::jthread> threads;
        for (int i = 0; i < 8; ++i)
            threads.emplace_back([&] {
                for (int j = 0; j < 10; ++j) pump.add(std::make_unique<CountedFeed>(pumped, gone, 2));
            });
    }
    CHECK(testing::wait_until([&] { return gone == 80; }));
    CHECK(pumped == 160);
}

TEST_CASE("a notified pump looks at once, and a stopped one lets its feeds go")
{
    std::atomic<int> pumped = 0;
    std::atomic<int> gone = 0;
    StreamPump pump;
    pump.add(std::make_unique<CountedFeed>(pumped, gone, 1'000'000));
    CHECK(testing::wait_until([&] { return pumped > 0; }));
    const int before = pumped;
    for (int i = 0; i < 50; ++i) {
        pump.notify();
        CHECK(testing::wait_until([&, seen = pumped.load()] { return pumped > seen; }));
    }
    CHECK(pumped >= before + 50);
    pump.stop();
    CHECK(gone == 1);
    pump.stop();
}

}  // namespace ramet::api
