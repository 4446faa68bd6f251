#pragma once

#include "domain/ids.hpp"
#include "storage/database.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ramet::storage {

/// Public host names, unique in the installation.
class Hosts {
public:
    explicit Hosts(Database& database) : database_(database) {}

    struct Claim {
        std::string label;   ///< the one label below the domain that is wanted: "web-pr-42"
        std::string domain;  ///< "localhost", "preview.example.com"
        EnvironmentId owner;
        std::string service;
        std::string project;  ///< name
    };
    /// The host that (owner, service) has for this wish, or a new one: the wish itself when it is free,
    /// "LABEL-PROJECT" when another project has it, and with a hash of the environment when that is taken as well. At
    /// most 63 characters a label.
    Result<std::string> ensure(Transaction& transaction, const Claim& claim);
    /// All of an environment. Repeatable.
    Result<void> release(Transaction& transaction, const EnvironmentId& owner);

    struct Holder {
        std::string host;
        EnvironmentId owner;
        std::string service;
        std::string project;
        friend bool operator==(const Holder&, const Holder&) = default;
    };
    Result<std::optional<Holder>> find(std::string_view host, Transaction* within = nullptr);
    /// By host.
    Result<std::vector<Holder>> list(const EnvironmentId& owner, Transaction* within = nullptr);

private:
    Database& database_;
};

}  // namespace ramet::storage
