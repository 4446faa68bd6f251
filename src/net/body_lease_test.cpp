#include "net/body_lease.hpp"

#include <doctest/doctest.h>

#include <thread>
#include <vector>

using namespace ramet::net;

namespace {
constexpr std::size_t mebibyte = 1U << 20U;
}

TEST_CASE("bodies share one memory, and what ended gives its part back")
{
    const auto memory = std::make_shared<BodyMemory>(10 * mebibyte);
    BodyLease first(memory);
    CHECK(first.grow_to(6 * mebibyte));
    {
        BodyLease second(memory);
        CHECK(second.grow_to(4 * mebibyte));
        CHECK_FALSE(second.grow_to(5 * mebibyte));
        CHECK(memory->taken() == 10 * mebibyte);
    }
    CHECK(memory->taken() == 6 * mebibyte);
    CHECK(first.grow_to(10 * mebibyte));
}

TEST_CASE("a small body is taken however full it is")
{
    const auto memory = std::make_shared<BodyMemory>(mebibyte);
    BodyLease large(memory);
    CHECK(large.grow_to(mebibyte));
    BodyLease small(memory);
    CHECK(small.grow_to(BodyLease::free_size));
    CHECK_FALSE(small.grow_to(BodyLease::free_size + 1));
}

TEST_CASE("many at once never take more than there is")
{
    const auto memory = std::make_shared<BodyMemory>(8 * mebibyte);
    {
        std::vector<std::jthread> threads;
        for (int i = 0; i < 4; ++i)
            threads.emplace_back([&] {
                for (int round = 0; round < 2000; ++round) {
                    BodyLease lease(memory);
                    for (std::size_t size = mebibyte; size <= 4 * mebibyte && lease.grow_to(size); size += mebibyte)
                        if (memory->taken() > 8 * mebibyte) std::terminate();
                }
            });
    }
    CHECK(memory->taken() == 0);
}
