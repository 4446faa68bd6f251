#include "clone/memory.hpp"

#include <doctest/doctest.h>

using namespace ramet;
using namespace ramet::clone;

TEST_CASE("an environment counts with the memory of all replicas that run in it")
{
    DesiredEnvironment environment;
    environment.services = {
        DesiredService{.name = "unsaid", .declared = {}},
        DesiredService{.name = "said",
                       .declared = Service{.name = "said", .resources = {.memory_bytes = 128LL << 20}, .replicas = 2}},
        DesiredService{.name = "shared", .declared = {}, .treatment = Treatment::shared},
        DesiredService{.name = "skipped", .declared = {}, .treatment = Treatment::skipped},
    };
    CHECK(memory_of(environment) == 512LL << 20);
    environment.power = Power::off;
    CHECK(memory_of(environment) == 0);
}
