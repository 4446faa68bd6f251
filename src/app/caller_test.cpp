#include "app/caller.hpp"

#include <doctest/doctest.h>

using namespace ramet::app;

TEST_CASE("a role includes what stands below it, and two stand beside each other")
{
    using enum Role;
    struct Case {
        Role has;
        Role wanted;
        bool want;
    };
    const Case cases[] = {
        {viewer, viewer, true},           {viewer, deployer, false},       {deployer, viewer, true},
        {deployer, secret_writer, false}, {secret_writer, deployer, true}, {secret_writer, approver, false},
        {approver, secret_writer, false}, {approver, deployer, true},      {admin, secret_writer, true},
        {admin, approver, true},          {deployer, admin, false},        {secret_writer, admin, false},
    };
    for (const auto& [has, wanted, want] : cases) {
        CAPTURE(to_string(has));
        CAPTURE(to_string(wanted));
        CHECK(includes(has, wanted) == want);
    }
}

TEST_CASE("a role that cannot be read grants nothing more than looking")
{
    CHECK(parse_role("owner") == Role::viewer);
    CHECK(parse_role("") == Role::viewer);
    for (const auto role : {Role::viewer, Role::deployer, Role::secret_writer, Role::approver, Role::admin})
        CHECK(parse_role(to_string(role)) == role);
}
