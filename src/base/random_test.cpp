#include "base/random.hpp"

#include <doctest/doctest.h>

#include <array>
#include <cctype>
#include <set>
#include <vector>

using namespace ramet;

namespace {

/// Gives the numbers it was made with, in order.
class ScriptedRandom final : public Random {
public:
    explicit ScriptedRandom(std::vector<std::uint64_t> values) : values_(std::move(values)) {}
    std::uint64_t next() override { return values_.at(taken_++); }
    std::size_t taken() const { return taken_; }

private:
    std::vector<std::uint64_t> values_;
    std::size_t taken_ = 0;
};

}  // namespace

TEST_CASE("a bounded number is below its bound and all of them appear")
{
    SystemRandom random;
    std::array<int, 7> seen{};
    for (int i = 0; i < 2000; ++i) ++seen.at(random.below(7));
    for (const auto count : seen) CHECK(count > 100);
    CHECK(random.below(1) == 0);
}

TEST_CASE("numbers that would favour small results are drawn again")
{
    // 2^64 mod 10 = 6: the values 0 to 5 are the surplus.
    ScriptedRandom random({5, 0, 6});
    CHECK(random.below(10) == 6);
    CHECK(random.taken() == 3);
}

TEST_CASE("random hexadecimal digits follow the given source")
{
    ScriptedRandom random({0x0807060504030201, 0xFF});
    CHECK(random_hex(random, 9) == "0102030405060708ff");
    CHECK(random_hex(random, 0).empty());
}

TEST_CASE("passwords have the length asked for, plain characters, and differ")
{
    std::set<std::string> passwords;
    for (int i = 0; i < 100; ++i) {
        const auto password = random_password(24);
        CHECK(password.size() == 24);
        for (const auto character : password) CHECK(std::isalnum(static_cast<unsigned char>(character)) != 0);
        passwords.insert(password);
    }
    CHECK(passwords.size() == 100);
    CHECK(random_password(0).empty());
}
