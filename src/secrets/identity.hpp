#pragma once

#include <cstdint>
#include <string>

namespace ramet::secrets {

/// What one version of one secret is bound to. An envelope opens under exactly this identity and no other, so that a
/// row that was copied or swapped in the database is found out.
struct SecretIdentity {
    std::string install;
    std::string project{};      ///< empty for the organization's secrets
    std::string environment{};  ///< empty when the scope is not one environment's
    std::string scope;          ///< "organization", "project", "service/api", …
    std::string name;
    std::int64_t version = 1;

    friend bool operator==(const SecretIdentity&, const SecretIdentity&) = default;
};

/// `v1|install|project|environment|scope|name|version`, each part preceded by its length (8 bytes, big endian): no two
/// identities give the same bytes.
std::string associated_data(const SecretIdentity& identity);

/// For people and errors: "secret DB_PASSWORD, version 3".
std::string describe(const SecretIdentity& identity);

}  // namespace ramet::secrets
