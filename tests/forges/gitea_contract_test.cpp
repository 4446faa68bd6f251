// The forge contract on a real Gitea.
#include "contract/forge_contract.hpp"
#include "forges/host_fixture.hpp"

using ramet::testing::GiteaFixture;

INSTANTIATE_FORGE_CONTRACT(GiteaFixture);
