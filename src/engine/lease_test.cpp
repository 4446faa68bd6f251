#include "engine/lease.hpp"

#include <doctest/doctest.h>

namespace ramet::engine {
namespace {

constexpr LeaseTerms terms{Milliseconds{9'000}, Milliseconds{4'000}};

Lease lease(std::int64_t epoch = 1, int until = 5'000, const std::string& holder = "a")
{
    return Lease{OwnerId("env"), holder, epoch, Time{Milliseconds{until}}};
}

TEST_CASE("a holder acts until the margin before its term ends, counted from the asking")
{
    const HeldLease held{lease(), Milliseconds{100}};
    CHECK(held.may_act(terms, Milliseconds{100}));
    CHECK(held.may_act(terms, Milliseconds{5'099}));
    CHECK_FALSE(held.may_act(terms, Milliseconds{5'100}));
    CHECK_FALSE(held.is_over(terms, Milliseconds{9'099}));
    CHECK(held.is_over(terms, Milliseconds{9'100}));
}

TEST_CASE("somebody else's lease is over when it was the same for its term and the margin")
{
    LeaseWatch watch;
    CHECK_FALSE(watch.is_over(lease(), terms, Milliseconds{1'000}));
    CHECK_FALSE(watch.is_over(lease(), terms, Milliseconds{13'999}));
    CHECK(watch.is_over(lease(), terms, Milliseconds{14'000}));
}

TEST_CASE("whatever changes of it, it is alive")
{
    for (const auto& changed : {lease(2), lease(1, 5'001), lease(1, 4'999), lease(1, 5'000, "b")}) {
        LeaseWatch watch;
        CHECK_FALSE(watch.is_over(lease(), terms, Milliseconds{0}));
        CHECK_FALSE(watch.is_over(changed, terms, Milliseconds{13'000}));
        CHECK_FALSE(watch.is_over(changed, terms, Milliseconds{25'999}));
        CHECK(watch.is_over(changed, terms, Milliseconds{26'000}));
    }
}

TEST_CASE("a watch remembers only the owners for which there is something to do")
{
    LeaseWatch watch;
    watch.is_over(lease(), terms, Milliseconds{0});
    watch.keep_only({OwnerId("env")});
    CHECK(watch.size() == 1);
    watch.keep_only({OwnerId("another")});
    CHECK(watch.size() == 0);
    CHECK_FALSE(watch.is_over(lease(), terms, Milliseconds{100'000}));
}

}  // namespace
}  // namespace ramet::engine
