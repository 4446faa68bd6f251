#include "storage/allocations.hpp"

#include "storage/storage_test_support.hpp"

#include <set>
#include <thread>

namespace ramet::storage {
namespace {

Allocations::Request request(const std::string& owner, std::string_view path = "address/api", int last = 109)
{
    // The strings outlive the call: each test keeps its owners.
    static std::set<std::string> owners;
    static std::mutex mutex;
    const std::lock_guard lock(mutex);
    return {.kind = "port", .owner = *owners.insert(owner).first, .path = path, .first = 100, .last = last};
}

}  // namespace

TEST_CASE("a number is held until it is released, also over a restart")
{
    TestDatabase database;
    SqliteAllocations allocations(*database);
    const int number = allocations.ensure(request("e-1")).value();
    CHECK(allocations.ensure(request("e-1")).value() == number);
    CHECK(allocations.ensure(request("e-1", "address/web")).value() != number);
    CHECK(allocations.ensure(request("e-2")).value() != number);
    database.reopen();
    SqliteAllocations again(*database);
    CHECK(again.ensure(request("e-1")).value() == number);
    CHECK(again.release("port", "e-1", "address/api").has_value());
    CHECK(again.release("port", "e-1", "address/api").has_value());
}

TEST_CASE("a number that was just released is the last to be given again")
{
    TestDatabase database;
    SqliteAllocations allocations(*database);
    std::set<int> given;
    for (int i = 0; i < 10; ++i) {
        const auto owner = "e-" + std::to_string(i);
        given.insert(allocations.ensure(request(owner)).value());
        REQUIRE(allocations.release("port", owner, "address/api").has_value());
    }
    CHECK(given.size() == 10);
    CHECK(allocations.ensure(request("e-again")).value() == 100);
}

TEST_CASE("numbers that are taken outside of the table are passed over, and none left is said")
{
    TestDatabase database;
    SqliteAllocations allocations(*database);
    auto picky = request("e-1", "a", 103);
    picky.is_usable = [](int number) { return number == 102; };
    CHECK(allocations.ensure(picky).value() == 102);
    picky.path = "b";
    const auto none = allocations.ensure(picky);
    CHECK(none.error().kind == ErrorKind::unavailable);
    CHECK(none.error().message == "no port between 100 and 103 is left");
    CHECK(allocations.ensure({.kind = "uid", .owner = "e-1", .path = "", .first = 102, .last = 102}).value() == 102);
}

TEST_CASE("who cannot find out whether a number is free is told why, at the first one, and nothing is taken")
{
    TestDatabase database;
    SqliteAllocations allocations(*database);
    int asked = 0;
    auto blind = request("e-1");
    blind.is_usable = [&](int) -> Result<bool> {
        ++asked;
        return fail(ErrorKind::unavailable, "listing /proc: Too many open files");
    };
    CHECK(allocations.ensure(blind).error().message == "listing /proc: Too many open files");
    CHECK(asked == 1);
    CHECK(allocations.ensure(request("e-1")).value() == 100);
}

TEST_CASE("installations on one machine begin at places of their own, and each always at the same")
{
    TestDatabase database;
    TestDatabase other;
    const auto wide = [] {
        auto asked = request("e-1");
        asked.first = 524'288;
        asked.last = 1'879'048'191;
        return asked;
    };
    const int one = SqliteAllocations(*database, "install-1").ensure(wide()).value();
    const int two = SqliteAllocations(*other, "install-2").ensure(wide()).value();
    CHECK(std::abs(one - two) > 10'000);
    REQUIRE(SqliteAllocations(*database, "install-1").release("port", "e-1", "address/api").has_value());
    CHECK(SqliteAllocations(*database, "install-1").ensure(wide()).value() == one + 1);
}

TEST_CASE("behind the last number of a range comes its first")
{
    TestDatabase database;
    SqliteAllocations allocations(*database);
    auto high = request("e-1", "a", 2'147'483'646);
    high.first = 2'147'483'644;
    std::vector<int> given;
    for (const auto* path : {"a", "b", "c", "a"}) {
        high.path = path;
        if (given.size() == 3) REQUIRE(allocations.release("port", "e-1", "a").has_value());
        given.push_back(allocations.ensure(high).value());
    }
    CHECK(given == std::vector{2'147'483'644, 2'147'483'645, 2'147'483'646, 2'147'483'644});
}

TEST_CASE("threads never get the same number")
{
    TestDatabase database;
    SqliteAllocations allocations(*database);
    std::mutex mutex;
    std::multiset<int> given;
    {
        std::vector<std::jthread> threads;
        for (int t = 0; t < 8; ++t)
            threads.emplace_back([&, t] {
                for (int i = 0; i < 10; ++i) {
                    const int number = allocations.ensure(request("e-" + std::to_string(t * 10 + i), "p", 179)).value();
                    const std::lock_guard lock(mutex);
                    given.insert(number);
                }
            });
    }
    CHECK(given.size() == 80);
    CHECK(std::set(given.begin(), given.end()).size() == 80);
}

}  // namespace ramet::storage
