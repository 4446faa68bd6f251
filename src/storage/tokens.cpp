#include "storage/tokens.hpp"

#include "storage/rows.hpp"

namespace ramet::storage {
namespace {

const std::string columns =
    "id, name, sha256, prefix, role, project, created_by, created_at, expires_at, last_used_at, revoked_at";

Token read(const Row& row)
{
    return {row.text(0),          row.text(1),          row.text(2),          row.text(3),
            row.text(4),          row.id<ProjectId>(5), row.text(6),          row.time(7),
            row.optional_time(8), row.optional_time(9), row.optional_time(10)};
}

}  // namespace

Result<void> Tokens::insert(Transaction& transaction, const Token& token)
{
    return require_new(transaction->execute("INSERT INTO token (" + columns + ") VALUES (?,?,?,?,?,?,?,?,?,?,?)",
                                            {token.id, token.name, token.sha256, token.prefix, token.role,
                                             token.project, token.created_by, token.created_at, token.expires_at,
                                             token.last_used_at, token.revoked_at}),
                       "token", token.name);
}

Result<void> Tokens::revoke(Transaction& transaction, std::string_view id, Time now)
{
    return require_change(
        transaction->execute("UPDATE token SET revoked_at = coalesce(revoked_at, ?) WHERE id = ?", {now, id}), "token",
        id);
}

Result<void> Tokens::set_last_used(Transaction& transaction, std::string_view id, Time now)
{
    return require_change(transaction->execute("UPDATE token SET last_used_at = ? WHERE id = ?", {now, id}), "token",
                          id);
}

Result<std::optional<Token>> Tokens::find_valid(std::string_view sha256, Time now, Transaction* within)
{
    Reading reading(database_, within);
    return reading->find("SELECT " + columns +
                             " FROM token WHERE sha256 = ? AND revoked_at IS NULL "
                             "AND (expires_at IS NULL OR expires_at > ?)",
                         {sha256, now}, read);
}

Result<Token> Tokens::get(std::string_view id, Transaction* within)
{
    Reading reading(database_, within);
    return require_row(reading->find("SELECT " + columns + " FROM token WHERE id = ?", {id}, read), "token", id);
}

Result<std::vector<Token>> Tokens::list(const ProjectId& project, Transaction* within)
{
    Reading reading(database_, within);
    return reading->list("SELECT " + columns +
                             " FROM token WHERE revoked_at IS NULL AND ?1 IN ('', project) "
                             "ORDER BY created_at, id",
                         {project}, read);
}

}  // namespace ramet::storage
