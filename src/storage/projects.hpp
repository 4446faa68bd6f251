#pragma once

#include "base/clock.hpp"
#include "domain/ids.hpp"
#include "domain/pull_request.hpp"
#include "domain/value.hpp"
#include "storage/database.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ramet::storage {

/// How a project's Git host is reached; an empty `forge` when it has none.
struct ForgeConnection {
    std::string id{};     ///< part of the webhook's URL: /hooks/FORGE/ID; unique
    std::string forge{};  ///< "gitea", "github"
    std::string url{};
    RepositoryName repository{};
    SecretReference token{};
    SecretReference webhook_secret{};
    std::string webhook_state{};  ///< "installed", "polling only: …"
    friend bool operator==(const ForgeConnection&, const ForgeConnection&) = default;
};

/// A registered project with the file of its trusted branch.
struct Project {
    ProjectId id;
    std::string name;              ///< unique in the organization
    std::string repository_url{};  ///< what is fetched from; without credentials
    ForgeConnection connection{};
    std::string trusted_branch{};
    CommitSha trusted_commit{};
    std::string file_name{"ramet.yaml"};
    std::string file_text{};
    bool target_here = false;  ///< the installation's choice to place everything on this machine
    std::string poll_state{};  ///< what the poller saw last; its own text
    Time created_at{};
    friend bool operator==(const Project&, const Project&) = default;
};

/// Registered projects. Reads see a transaction's own writes when it is given.
class Projects {
public:
    explicit Projects(Database& database) : database_(database) {}

    /// `conflict` when name, id or connection are taken.
    Result<void> insert(Transaction& transaction, const Project& project);
    /// Everything but id, name, poll state and time of creation. `not_found`.
    Result<void> update(Transaction& transaction, const Project& project);
    Result<void> set_poll_state(Transaction& transaction, const ProjectId& id, std::string_view state);
    /// `conflict` while it has environments. Its variables and secrets go with it.
    Result<void> remove(Transaction& transaction, const ProjectId& id);

    Result<Project> get(const ProjectId& id, Transaction* within = nullptr);
    Result<std::optional<Project>> find_by_name(std::string_view name, Transaction* within = nullptr);
    Result<std::optional<Project>> find_by_connection(std::string_view forge, std::string_view connection,
                                                      Transaction* within = nullptr);
    /// By name.
    Result<std::vector<Project>> list(Transaction* within = nullptr);

private:
    Database& database_;
};

}  // namespace ramet::storage
