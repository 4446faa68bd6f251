#pragma once

#include "domain/environment.hpp"
#include "domain/project_file.hpp"
#include "domain/pull_request.hpp"
#include "domain/service.hpp"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace ramet {

/// A variable of one service with the pieces of its value.
struct ResolvedVariable {
    std::string key;
    ResolvedValue value;
    friend bool operator==(const ResolvedVariable&, const ResolvedVariable&) = default;
};

/// What a preview does with a service of the base.
enum class Treatment : std::uint8_t {
    rebuilt,  ///< its inputs differ from the base's: built from the preview's commit
    copied,   ///< own instance, from the artefact that the base (or an earlier preview) has built
    shared,   ///< the base's instance is used
    skipped,  ///< not wanted in previews
};

struct DesiredService {
    std::string name;
    Service declared;                         ///< replicas and resources already overridden
    std::vector<ResolvedVariable> env{};      ///< sorted by key; HOST, PORT and RAMET_* are the target's
    std::vector<std::string> public_hosts{};  ///< full host names without port; empty when not public
    Treatment treatment = Treatment::rebuilt;
    /// Hash of the trees and the command that its build depends on; names the artefact in the build cache. Empty: nothing to build.
    std::string input_hash{};
    std::int64_t restarts_asked = 0;  ///< by people, so far
    friend bool operator==(const DesiredService&, const DesiredService&) = default;
};

struct DesiredJob {
    std::string name;
    Job declared;
    std::vector<ResolvedVariable> env{};
    std::string input_hash{};
    friend bool operator==(const DesiredJob&, const DesiredJob&) = default;
};

/// A copy of its own that a preview's database was put back to.
struct DataSnapshot {
    std::string name{};      ///< as people call it
    std::string resource{};  ///< the derived name of its resource
    friend bool operator==(const DataSnapshot&, const DataSnapshot&) = default;
};

struct DesiredDatabase {
    std::string name;
    Database declared;
    DataStrategy strategy = DataStrategy::seed;
    DataPolicy policy{};
    GoldenId golden{};             ///< filled by the use case when strategy is clone
    DataSnapshot snapshot{};       ///< not empty: its data is that, and no golden copy, template or seed
    std::int64_t incarnation = 1;  ///< counted up by a reset: new data, same configuration
    std::string role{};            ///< service role, the same name as in the base; no superuser
    std::string database_name{};
    SecretReference password{};  ///< of `role`; made for this environment, never the base's
    friend bool operator==(const DesiredDatabase&, const DesiredDatabase&) = default;
};

/// How the outside reaches public hosts.
struct PublicAddress {
    std::string scheme = "http";
    int port = 80;
};

/// Everything one environment should be, resolved and complete: the input of `Target::render`. No secret's plaintext is in it.
struct DesiredEnvironment {
    EnvironmentId id;
    ProjectId project;
    std::string project_name;
    std::string name;
    EnvironmentOrigin origin = EnvironmentOrigin::managed;
    std::int64_t generation = 0;
    EnvironmentId base{};  ///< previews only
    std::string target{};
    TargetType target_type = TargetType::local;
    /// What the file says of a target that is not this machine: "context", "ingress.class", … (TargetDeclaration::other).
    std::map<std::string, std::string> target_keys{};
    SecretReference registry_login{};  ///< by which images of the target's registry are pulled; empty: they are public
    std::string domain{"localhost"};
    std::string repository_url{};  ///< where the commit is fetched from; credentials are not part of it
    CommitSha commit{};
    std::string branch{};
    std::int64_t pull_request = 0;
    Power power = Power::on;
    std::vector<DesiredService> services{};
    std::vector<DesiredDatabase> databases{};
    std::vector<DesiredJob> jobs{};
    DeployPolicy deploy{};
    friend bool operator==(const DesiredEnvironment&, const DesiredEnvironment&) = default;
};

std::string_view to_string(Treatment treatment);

}  // namespace ramet
