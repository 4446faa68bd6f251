#pragma once
// For the contracts that need a real cluster: RAMET_TEST_KUBECONFIG names it (test_client.py starts it).

#include "net/multiplexed_client.hpp"
#include "targets/kubernetes/api_client.hpp"

#include <doctest/doctest.h>

#include <unistd.h>

#include <atomic>
#include <cstdlib>

namespace ramet::testing {

using namespace targets::kubernetes;

inline ClusterAccess read_access()
{
    const auto* path = std::getenv("RAMET_TEST_KUBECONFIG");
    REQUIRE(path != nullptr);
    auto access = read_kubeconfig(path, {});
    if (!access) FAIL(access.error().message);
    return *std::move(access);
}

/// The same cluster, as whoever has that token.
inline ClusterAccess access_with(std::string_view token)
{
    auto access = read_access();
    access.certificate_pem.clear();
    access.key_pem = {};
    access.token = SecretBytes(token);
    return access;
}

/// A client of the test cluster, as its administrator unless told.
struct ClusterHouse {
    ClusterAccess access = read_access();
    SystemClock clock{};
    net::MultiplexedClient http{{.authorities_pem = access.authorities_pem,
                                 .certificate_pem = access.certificate_pem,
                                 .key_pem = std::string(access.key_pem.reveal())}};
    Credentials credentials{access, clock};
    ApiClient client{http, credentials, {.server = access.server, .page = 2}};
};

/// A namespace of its own for each case; the cluster ends with the run.
inline std::string make_namespace(ClusterHouse& house)
{
    static std::atomic<int> count = 0;
    const auto name = fmt::format("contract-{}-{}", ::getpid(), ++count);
    REQUIRE(house.client.create("/api/v1/namespaces", json::object{{"metadata", json::object{{"name", name}}}}));
    return name;
}

inline std::string maps_of(const std::string& space)
{
    return fmt::format("/api/v1/namespaces/{}/configmaps", space);
}

}  // namespace ramet::testing
