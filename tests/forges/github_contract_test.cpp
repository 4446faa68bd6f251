// The forge contract on the GitHub fake, each request and reply held to GitHub's published description.
#include "contract/forge_contract.hpp"
#include "forges/host_fixture.hpp"

using ramet::testing::GitHubFixture;

INSTANTIATE_FORGE_CONTRACT(GitHubFixture);
