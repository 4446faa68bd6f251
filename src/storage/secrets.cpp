#include "storage/secrets.hpp"

#include "base/random.hpp"
#include "secrets/envelope.hpp"
#include "secrets/fingerprint.hpp"
#include "storage/news.hpp"
#include "storage/rows.hpp"
#include "storage/scope_rows.hpp"

namespace ramet::storage {
namespace {

constexpr std::size_t largest_value = 64U << 10U;
constexpr std::string_view own_prefix = "ramet:";
constexpr std::string_view fingerprint_key_name = "ramet:fingerprint-key";

/// Scope as it is bound into the seal; project and environment are bound beside it.
std::string sealed_scope(const Scope& scope)
{
    const std::string level(to_string(scope.level));
    return scope.level == ScopeLevel::service ? level + "/" + scope.service : level;
}

const std::string is_protected =
    "(s.is_protected | coalesce((SELECT e.is_protected FROM environment e WHERE e.id = s.environment), 0))";

}  // namespace

/// One version's row with what it must be bound to.
struct Secrets::Sealed {
    std::string id;
    secrets::SecretIdentity identity;
    std::string envelope;
};

Result<std::string> Secrets::ensure_secret(Transaction& transaction, const NewVersion& version)
{
    const auto scope = key_of(version.scope);
    const bool is_set_protected = version.protection == Protection::protected_;
    SystemRandom random;
    // Once protected, a secret stays so until it is removed.
    TRY(transaction->execute("INSERT INTO secret (id, scope, level, project, environment, service, name, is_protected) "
                             "VALUES (?,?,?,?,?,?,?,?) ON CONFLICT (scope, name) DO UPDATE SET "
                             "is_protected = secret.is_protected | excluded.is_protected",
                             {random_hex(random, 12), scope, to_string(version.scope.level),
                              text_or_null(version.scope.project.str()), text_or_null(version.scope.environment.str()),
                              version.scope.service, version.name, is_set_protected}));
    return require_row(transaction->find("SELECT id FROM secret WHERE scope = ? AND name = ?", {scope, version.name},
                                         [](const Row& row) { return row.text(0); }),
                       "secret", version.name);
}

Result<SecretReference> Secrets::set(Transaction& transaction, const NewVersion& version, const SecretBytes& value)
{
    if (value.size() > largest_value)
        return fail(ErrorKind::invalid, "the secret {} has {} bytes; at most {} can be kept", version.name,
                    value.size(), largest_value);
    parts_.redactor.add(value);
    const auto key = TRY(ensure_fingerprint_key(transaction, version.scope.project));
    return insert(transaction, version, value, secrets::fingerprint(key, value.reveal()));
}

Result<SecretReference> Secrets::insert(Transaction& transaction, const NewVersion& version, const SecretBytes& value,
                                        std::string_view fingerprint)
{
    const auto id = TRY(ensure_secret(transaction, version));
    const auto last = TRY(transaction->find("SELECT max(version) FROM secret_version WHERE secret = ?", {id},
                                            [](const Row& row) { return row.integer(0); }));
    const auto& scope = version.scope;
    const secrets::SecretIdentity identity{.install = parts_.install,
                                           .project = scope.project.str(),
                                           .environment = scope.environment.str(),
                                           .scope = sealed_scope(scope),
                                           .name = version.name,
                                           .version = last.value_or(0) + 1};
    const auto envelope = TRY(secrets::seal(parts_.keys, identity, value));
    const auto parsed = TRY(secrets::parse_envelope(envelope));
    TRY(transaction->execute(
        "INSERT INTO secret_version (secret, version, key_id, envelope, fingerprint, set_by, set_at) "
        "VALUES (?,?,?,?,?,?,?)",
        {id, identity.version, parsed.key.key_id, Blob{envelope}, fingerprint, version.set_by, version.set_at}));
    transaction.announce(std::string(news::secrets));
    return SecretReference{id, identity.version, version.name};
}

Result<SecretReference> Secrets::copy(Transaction& transaction, const SecretReference& from, const NewVersion& to)
{
    const auto value = TRY(open(from, &transaction));
    return set(transaction, to, value);
}

Result<void> Secrets::remove(Transaction& transaction, const Scope& scope, std::string_view name)
{
    return require_change(
        transaction->execute("DELETE FROM secret WHERE scope = ? AND name = ?", {key_of(scope), name}),
        "secret of this scope", name);
}

Result<std::vector<Secrets::Sealed>> Secrets::select_sealed(Connection& connection, const std::string& condition,
                                                            const std::vector<Value>& values)
{
    std::vector<Sealed> found;
    TRY(connection.for_each("SELECT s.id, s.level, s.project, s.environment, s.service, s.name, v.version, v.envelope "
                            "FROM secret s JOIN secret_version v ON v.secret = s.id WHERE " +
                                condition + " ORDER BY s.id, v.version",
                            values, [&](const Row& row) -> Result<void> {
                                const auto scope = read_scope(row, 1);
                                found.push_back({row.text(0),
                                                 {.install = parts_.install,
                                                  .project = scope.project.str(),
                                                  .environment = scope.environment.str(),
                                                  .scope = sealed_scope(scope),
                                                  .name = row.text(5),
                                                  .version = row.integer(6)},
                                                 row.text(7)});
                                return {};
                            }));
    return found;
}

Result<std::optional<Secrets::Sealed>> Secrets::find_sealed(Connection& connection, const SecretReference& reference)
{
    auto found = TRY(select_sealed(connection, "s.id = ? AND v.version = ?", {reference.id, reference.version}));
    return found.empty() ? std::optional<Sealed>{} : std::move(found.front());
}

Result<SecretBytes> Secrets::open_sealed(const Sealed& sealed, Transaction* within)
{
    auto opened = secrets::open(parts_.keys, sealed.identity, sealed.envelope);
    if (opened || opened.error().kind != ErrorKind::not_found) return opened;
    // A rotation may have come to its end since the row was read: it is under another key by now.
    std::optional<Sealed> now;
    {
        Reading reading(database_, within);
        now = TRY(find_sealed(*reading, {sealed.id, sealed.identity.version, sealed.identity.name}));
    }
    if (!now || now->envelope == sealed.envelope) return opened;
    return secrets::open(parts_.keys, now->identity, now->envelope);
}

Result<SecretBytes> Secrets::open(const SecretReference& reference, Transaction* within)
{
    std::optional<Sealed> sealed;
    {
        Reading reading(database_, within);
        sealed = TRY(find_sealed(*reading, reference));
    }
    if (!sealed)
        return fail(ErrorKind::not_found, "the secret {}, version {}, is gone", reference.name, reference.version);
    return open_sealed(*sealed, within);
}

Result<std::vector<StoredSecret>> Secrets::select(Connection& connection, const std::string& condition,
                                                  const std::vector<Value>& values)
{
    std::vector<StoredSecret> found;
    TRY(connection.for_each(
        "SELECT s.id, s.level, s.project, s.environment, s.service, s.name, " + is_protected +
            ", v.version, v.set_by, v.set_at FROM secret s JOIN secret_version v ON v.secret = s.id WHERE " +
            condition + " ORDER BY s.name, s.scope, v.version",
        values, [&](const Row& row) -> Result<void> {
            if (found.empty() || found.back().id != row.text(0))
                found.push_back({row.text(0), read_scope(row, 1), row.text(5), row.boolean(6), {}});
            found.back().versions.push_back({row.integer(7), row.text(8), row.time(9)});
            return {};
        }));
    return found;
}

Result<std::optional<StoredSecret>> Secrets::find(const Scope& scope, std::string_view name, Transaction* within)
{
    Reading reading(database_, within);
    const auto key = key_of(scope);
    auto found = TRY(select(*reading, "s.scope = ? AND s.name = ?", {key, name}));
    return found.empty() ? std::optional<StoredSecret>{} : std::move(found.front());
}

Result<std::vector<StoredSecret>> Secrets::list(const Scope& scope, Transaction* within)
{
    Reading reading(database_, within);
    const auto key = key_of(scope);
    auto found = TRY(select(*reading, "s.scope = ?", {key}));
    std::erase_if(found, [](const StoredSecret& secret) { return secret.name.starts_with(own_prefix); });
    return found;
}

Result<std::vector<StoredSecret>>
Secrets::list_candidates(const ProjectId& project, const std::vector<EnvironmentId>& environments, Transaction* within)
{
    Reading reading(database_, within);
    const auto scopes = candidate_scopes(environments);
    auto found = TRY(select(*reading, scopes.condition, scopes.values(project)));
    std::erase_if(found, [](const StoredSecret& secret) { return secret.name.starts_with(own_prefix); });
    return found;
}

Result<std::optional<SecretBytes>> Secrets::find_fingerprint_key(const ProjectId& project, Transaction* within)
{
    const auto scope = project.empty() ? organization_scope() : project_scope(project);
    const auto known = TRY(find(scope, fingerprint_key_name, within));
    if (!known) return std::optional<SecretBytes>{};
    return std::optional(TRY(open(known->newest(), within)));
}

Result<SecretBytes> Secrets::ensure_fingerprint_key(Transaction& transaction, const ProjectId& project)
{
    auto known = TRY(find_fingerprint_key(project, &transaction));
    if (known) return std::move(*known);
    auto key = SecretBytes::random(32);
    const auto scope = project.empty() ? organization_scope() : project_scope(project);
    TRY(insert(transaction, {scope, std::string(fingerprint_key_name), Protection::none, "ramet", {}}, key, ""));
    return key;
}

Result<SecretBytes> Secrets::get_fingerprint_key(const ProjectId& project)
{
    auto known = TRY(find_fingerprint_key(project, nullptr));
    if (known) return std::move(*known);
    Result<SecretBytes> key;
    TRY(database_.write([&](Transaction& transaction) -> Result<void> {
        key = ensure_fingerprint_key(transaction, project);
        return key ? Result<void>{} : std::unexpected(key.error());
    }));
    return key;
}

Result<std::vector<Secrets::ProtectedFingerprint>> Secrets::list_protected(const ProjectId& project)
{
    std::vector<ProtectedFingerprint> found;
    std::vector<Sealed> of_organization;
    {
        Reading reading(database_, nullptr);
        TRY(reading->for_each(
            "SELECT v.fingerprint, s.name, s.environment FROM secret s JOIN secret_version v ON v.secret = s.id "
            "WHERE s.project = ? AND v.fingerprint <> '' AND " +
                is_protected + " <> 0 ORDER BY s.name, v.version",
            {project}, [&](const Row& row) -> Result<void> {
                found.push_back({row.text(0), row.text(1), row.id<EnvironmentId>(2)});
                return {};
            }));
        of_organization = TRY(select_sealed(*reading, "s.level = 'organization' AND s.is_protected = 1", {}));
    }
    if (of_organization.empty()) return found;
    // Their stored fingerprints are under the organization's key; here they must be comparable with the project's.
    const auto key = TRY(get_fingerprint_key(project));
    for (const auto& sealed : of_organization) {
        const auto value = TRY(open_sealed(sealed));
        found.push_back({secrets::fingerprint(key, value.reveal()), sealed.identity.name, {}});
    }
    return found;
}

Result<std::int64_t> Secrets::rewrap(Transaction& transaction, int limit)
{
    const auto current = parts_.keys.current_key_id();
    const auto due = TRY(select_sealed(
        *transaction, "(v.secret, v.version) IN (SELECT secret, version FROM secret_version WHERE key_id <> ? LIMIT ?)",
        {current, limit}));
    for (const auto& sealed : due) {
        const auto envelope = TRY(secrets::rewrap(parts_.keys, sealed.identity, sealed.envelope));
        const auto parsed = TRY(secrets::parse_envelope(envelope));
        TRY(transaction->execute("UPDATE secret_version SET envelope = ?, key_id = ? WHERE secret = ? AND version = ?",
                                 {Blob{envelope}, parsed.key.key_id, sealed.id, sealed.identity.version}));
    }
    return std::ssize(due);
}

Result<std::int64_t> Secrets::teach_redactor()
{
    std::vector<Sealed> all;
    {
        Reading reading(database_, nullptr);
        all = TRY(select_sealed(*reading, "s.name <> ?", {fingerprint_key_name}));
    }
    for (const auto& sealed : all) parts_.redactor.add(TRY(open_sealed(sealed)));
    return std::ssize(all);
}

Result<void> Secrets::forget(const EnvironmentId& environment)
{
    std::vector<Sealed> all;
    {
        Reading reading(database_, nullptr);
        all = TRY(select_sealed(*reading, "s.environment = ?", {environment}));
    }
    for (const auto& sealed : all) parts_.redactor.remove(TRY(open_sealed(sealed)));
    return {};
}

}  // namespace ramet::storage
