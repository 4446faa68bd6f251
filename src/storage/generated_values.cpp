#include "storage/generated_values.hpp"

#include "storage/rows.hpp"

namespace ramet::storage {
namespace {

GeneratedValues::Content read(const Row& row)
{
    const auto secret = row.text(1);
    if (secret.empty()) return row.text(0);
    return SecretReference{secret, row.integer(2), {}};
}

}  // namespace

Result<void> GeneratedValues::set(Transaction& transaction, const EnvironmentId& environment, std::string_view path,
                                  const Content& content, Time now)
{
    const auto* const text = std::get_if<std::string>(&content);
    const auto* const secret = std::get_if<SecretReference>(&content);
    return require_new(
        transaction->execute(
            "INSERT INTO generated_value (environment, path, value, secret, secret_version, made_at) "
            "VALUES (?,?,?,?,?,?) ON CONFLICT (environment, path) DO UPDATE SET value = excluded.value, "
            "secret = excluded.secret, secret_version = excluded.secret_version, made_at = excluded.made_at",
            {environment, path, text != nullptr ? std::string_view(*text) : std::string_view(),
             secret != nullptr ? std::string_view(secret->id) : std::string_view(),
             secret != nullptr ? secret->version : 0, now}),
        "generated value", path);
}

Result<std::optional<GeneratedValues::Content>> GeneratedValues::find(const EnvironmentId& environment,
                                                                      std::string_view path, Transaction* within)
{
    Reading reading(database_, within);
    return reading->find("SELECT value, secret, secret_version FROM generated_value WHERE environment = ? AND path = ?",
                         {environment, path}, read);
}

}  // namespace ramet::storage
