#pragma once

#include "base/clock.hpp"
#include "domain/secret_opener.hpp"
#include "secrets/identity.hpp"
#include "secrets/key_provider.hpp"
#include "secrets/redactor.hpp"
#include "storage/database.hpp"
#include "storage/scope.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ramet::storage {

enum class Protection : std::uint8_t { none, protected_ };

/// What may be told about a secret: everything but its values.
struct StoredSecret {
    std::string id;
    Scope scope;
    std::string name;
    bool is_protected = false;  ///< set so, or its scope lies in a protected environment
    struct Version {
        std::int64_t number = 0;
        std::string set_by{};
        Time set_at{};
        friend bool operator==(const Version&, const Version&) = default;
    };
    std::vector<Version> versions{};  ///< ascending, never empty

    SecretReference newest() const { return {id, versions.back().number, name}; }
    friend bool operator==(const StoredSecret&, const StoredSecret&) = default;
};

/// Sealed secrets. Write-only for everybody but `open`, whose callers are drivers at the moment of a call. Every
/// value that passes through here is known to the redactor before anybody else sees it.
///
/// Names that begin with "ramet:" are Ramet's own (tokens of Git hosts, fingerprint keys, passwords that it makes)
/// and are listed nowhere.
class Secrets final : public SecretOpener {
public:
    struct Parts {
        std::string install;
        secrets::KeyProvider& keys;
        secrets::Redactor& redactor;
    };
    Secrets(Database& database, Parts parts) : database_(database), parts_(std::move(parts)) {}

    struct NewVersion {
        Scope scope;
        std::string name;
        Protection protection = Protection::none;
        std::string set_by{};
        Time set_at{};
    };
    /// Adds a version; the first one makes the secret. `invalid` for more than 64 KiB.
    Result<SecretReference> set(Transaction& transaction, const NewVersion& version, const SecretBytes& value);
    /// Opens `from` and seals it again as a version of another secret: rows are never copied.
    Result<SecretReference> copy(Transaction& transaction, const SecretReference& from, const NewVersion& to);
    /// All versions. `not_found`.
    Result<void> remove(Transaction& transaction, const Scope& scope, std::string_view name);

    Result<SecretBytes> open(const SecretReference& reference) override { return open(reference, nullptr); }
    Result<SecretBytes> open(const SecretReference& reference, Transaction* within);

    Result<std::optional<StoredSecret>> find(const Scope& scope, std::string_view name, Transaction* within = nullptr);
    /// By name.
    Result<std::vector<StoredSecret>> list(const Scope& scope, Transaction* within = nullptr);
    /// Those that can matter to these environments of a project; see `StoredVariables::list_candidates`.
    Result<std::vector<StoredSecret>> list_candidates(const ProjectId& project,
                                                      const std::vector<EnvironmentId>& environments,
                                                      Transaction* within = nullptr);

    /// For the check that a preview does not reach the original: what protected secrets of the project, and of the
    /// organization, look like under the project's key.
    struct ProtectedFingerprint {
        std::string fingerprint;
        std::string name;
        EnvironmentId environment{};
    };
    Result<std::vector<ProtectedFingerprint>> list_protected(const ProjectId& project);
    /// The key for `secrets::fingerprint`; made at its first use.
    Result<SecretBytes> get_fingerprint_key(const ProjectId& project);

    /// Wraps up to `limit` data keys anew that are not under the provider's current key; returns how many. 0:
    /// rotation is done. Resumes by itself, as each row says which key it is under.
    Result<std::int64_t> rewrap(Transaction& transaction, int limit);

    /// Makes every stored value known to the redactor: once after the start, before logs are shown. Returns how many.
    Result<std::int64_t> teach_redactor();
    /// The redactor need not know this environment's values any more. Before the environment is removed.
    Result<void> forget(const EnvironmentId& environment);

private:
    struct Sealed;
    Result<std::vector<StoredSecret>> select(Connection& connection, const std::string& condition,
                                             const std::vector<Value>& values);
    Result<std::optional<Sealed>> find_sealed(Connection& connection, const SecretReference& reference);
    Result<std::vector<Sealed>> select_sealed(Connection& connection, const std::string& condition,
                                              const std::vector<Value>& values);
    Result<SecretBytes> open_sealed(const Sealed& sealed, Transaction* within = nullptr);
    Result<std::string> ensure_secret(Transaction& transaction, const NewVersion& version);
    Result<std::optional<SecretBytes>> find_fingerprint_key(const ProjectId& project, Transaction* within);
    Result<SecretBytes> ensure_fingerprint_key(Transaction& transaction, const ProjectId& project);
    Result<SecretReference> insert(Transaction& transaction, const NewVersion& version, const SecretBytes& value,
                                   std::string_view fingerprint);

    Database& database_;
    Parts parts_;
};

}  // namespace ramet::storage
