#include "base/id.hpp"

#include <doctest/doctest.h>

#include <type_traits>
#include <unordered_set>

using namespace ramet;

namespace {

using RunId = Id<struct RunTag>;
using StepId = Id<struct StepTag>;

static_assert(!std::is_convertible_v<RunId, StepId>);
static_assert(!std::is_convertible_v<std::string, RunId>);

}  // namespace

TEST_CASE("an id compares, orders and hashes like its text")
{
    CHECK(RunId("a") == RunId("a"));
    CHECK(RunId("a") != RunId("b"));
    CHECK(RunId("a") < RunId("b"));
    CHECK(RunId().empty());
    const std::unordered_set<RunId> ids = {RunId("a"), RunId("b"), RunId("a")};
    CHECK(ids.size() == 2);
    CHECK(ids.contains(RunId("b")));
}
