#pragma once

#include "domain/project_file.hpp"
#include "variables/place.hpp"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace ramet::variables {

/// One declaration of one variable.
struct Candidate {
    Variable variable;
    Place place{};
    /// Unique within a project and stable: "vars.KEY", "services.api.env.KEY", "set/project/KEY". Generated values are kept under it.
    std::string path{};
};

/// The newest version of one stored secret.
struct SecretCandidate {
    SecretReference reference;
    Place place{};
    bool is_protected = false;  ///< its scope lies in a protected environment, or it was set with --protected
    std::string set_by{};
};

struct DatabaseFacts {
    std::string name;
    DatabaseType type = DatabaseType::postgres;
    std::string user{};
    std::string database_name{};
    SecretReference password{};  ///< its plaintext needs no escaping in a URL
    /// Of a shared one: the base's address as literal text. Empty: outputs of the environment's own resource.
    std::string shared_host{};
    std::string shared_port{};
};

enum class Listening : std::uint8_t { no, yes };

struct ServiceFacts {
    std::string name;
    Listening listening = Listening::yes;  ///< whether it has a port, and with it an address
    std::string public_url{};              ///< "http://web-pr-42.localhost:8080"; empty when not public
    std::string shared_host{};             ///< as for databases
    std::string shared_port{};
};

struct GitFacts {
    std::string sha{};
    std::string branch{};
};

struct PullRequestFacts {
    std::int64_t number = 0;
    std::string author{};
};

enum class ReaderKind : std::uint8_t { base, preview };
enum class SecretAccess : std::uint8_t { allowed, none };

/// Everything that decides the values of one environment. Plain data: nothing is looked up elsewhere.
struct ResolutionInput {
    std::string project{};
    std::string environment{};  ///< name of the environment that reads
    std::string base{};         ///< of a preview: name of its base
    ReaderKind kind = ReaderKind::base;
    SecretAccess secrets_access = SecretAccess::allowed;  ///< none: previews of forks under `no-secrets`
    std::string domain{};
    GitFacts git{};
    std::optional<PullRequestFacts> pull_request{};  ///< nothing: a base, or made by hand
    std::vector<std::string> readers{};              ///< services and jobs
    std::vector<Candidate> variables{};
    std::vector<SecretCandidate> secrets{};
    std::vector<DatabaseFacts> databases{};
    std::vector<ServiceFacts> services{};
    /// Secrets that something else than a variable needs: their names by what needs them ("targets.eu.registry.credentials").
    std::map<std::string, std::string> needed_secrets{};
    std::map<std::string, Segment> generated{};  ///< by the declaration's path: text, or a reference to a secret
};

/// All variables that a file declares, with their places.
std::vector<Candidate> declared_in(const ProjectFile& file);

/// Whether what stands at `place` concerns this reader (service or job) of this environment at all.
bool concerns(const Place& place, const ResolutionInput& input, std::string_view reader);

}  // namespace ramet::variables
