#include "targets/local/local_target.hpp"

#include "support/local_machine.hpp"

#include <doctest/doctest.h>

namespace ramet::targets::local {

TEST_CASE("an installation whose own machine is closed renders nothing for it and says how it was closed")
{
    ramet::testing::LocalMachine house;
    LocalTarget closed(house.machine(), Offer::closed);
    for (const auto& refused : {closed.render({}).error(), closed.check_reachable({}).error()}) {
        CHECK(refused.kind == ErrorKind::refused);
        CHECK(refused.message.find("--without-local-target") != std::string::npos);
    }
    CHECK(closed.not_enforced(TargetType::local).empty());

    LocalTarget open(house.machine(), Offer::open);
    CHECK(open.check_reachable({}).has_value());
    CHECK(open.render({}).has_value());
    CHECK_FALSE(open.not_enforced(TargetType::local).empty());
}

}  // namespace ramet::targets::local
