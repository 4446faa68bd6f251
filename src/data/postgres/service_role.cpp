#include "data/postgres/service_role.hpp"

#include <array>

namespace ramet::data {
namespace {

Result<void> check_names(const ServiceRole& wanted)
{
    if (wanted.role.empty() || wanted.role == superuser || wanted.role.starts_with("pg_") || wanted.role == "public")
        return fail(ErrorKind::invalid, "'{}' cannot be the role of a service: the name is reserved", wanted.role);
    if (wanted.database.empty() || wanted.database == "template0" || wanted.database == "template1")
        return fail(ErrorKind::invalid, "'{}' cannot be the database of a service: the name is reserved",
                    wanted.database);
    return {};
}

Result<void> remove_other_passwords(SqlConnection& sql, const std::string& role)
{
    const std::array parameters = {role};
    const auto rows =
        TRY(sql.query("SELECT rolname FROM pg_authid WHERE rolpassword IS NOT NULL AND rolname <> $1", parameters));
    std::string statements;
    for (const auto& row : rows)
        statements += fmt::format("ALTER ROLE {} PASSWORD NULL;", sql.quote_name(row[0].value_or("")));
    return sql.execute(statements);
}

/// Roles that could read files, run programs or become superuser.
Result<void> leave_powerful_roles(SqlConnection& sql, const std::string& role)
{
    const std::array parameters = {role};
    const auto rows =
        TRY(sql.query("SELECT g.rolname FROM pg_auth_members m JOIN pg_authid g ON g.oid = m.roleid "
                      "JOIN pg_authid r ON r.oid = m.member WHERE r.rolname = $1 AND (g.rolsuper OR g.rolreplication "
                      "OR g.rolcreaterole OR g.rolbypassrls OR g.rolname LIKE 'pg\\_%')",
                      parameters));
    std::string statements;
    for (const auto& row : rows)
        statements += fmt::format("REVOKE {} FROM {};", sql.quote_name(row[0].value_or("")), sql.quote_name(role));
    return sql.execute(statements);
}

Result<void> ensure_role(SqlConnection& sql, const std::string& role, const SecretBytes& password)
{
    const auto verifier = TRY(sql.make_verifier(role, password));
    const std::array parameters = {role};
    const auto exists = TRY(sql.query_value("SELECT 1 FROM pg_authid WHERE rolname = $1", parameters));
    return sql.execute(fmt::format("{} ROLE {} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS "
                                   "VALID UNTIL 'infinity' PASSWORD {}",
                                   exists ? "ALTER" : "CREATE", sql.quote_name(role), sql.quote_text(verifier)));
}

Result<void> ensure_database(SqlConnection& sql, const ServiceRole& wanted)
{
    const std::array parameters = {wanted.database};
    const auto owner =
        TRY(sql.query_value("SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = $1", parameters));
    if (owner == wanted.role) return {};
    const auto* statement = owner ? "ALTER DATABASE {} OWNER TO {}" : "CREATE DATABASE {} OWNER {}";
    return sql.execute(
        fmt::format(fmt::runtime(statement), sql.quote_name(wanted.database), sql.quote_name(wanted.role)));
}

/// Each object of user schemas that belongs to a superuser, as the statement that gives it to $1. REASSIGN OWNED cannot do it:
/// it refuses the bootstrap superuser. What belongs to an extension stays with it.
constexpr auto objects_of_superusers = R"(
WITH su AS (SELECT oid FROM pg_authid WHERE rolsuper),
     ns AS (SELECT oid, nspname, nspowner FROM pg_namespace
             WHERE nspname <> 'information_schema' AND nspname NOT LIKE 'pg\_%'),
     ext AS (SELECT classid, objid FROM pg_depend WHERE deptype = 'e')
SELECT format('ALTER SCHEMA %I OWNER TO %I', nspname, $1::text) FROM ns
 WHERE (nspowner IN (SELECT oid FROM su) OR nspname = 'public') AND nspowner <> (SELECT oid FROM pg_authid WHERE rolname = $1::text)
   AND NOT EXISTS (SELECT FROM ext WHERE classid = 'pg_namespace'::regclass AND objid = ns.oid)
UNION ALL
SELECT format('ALTER %s %I.%I OWNER TO %I', CASE c.relkind WHEN 'v' THEN 'VIEW' WHEN 'm' THEN 'MATERIALIZED VIEW'
              WHEN 'S' THEN 'SEQUENCE' WHEN 'f' THEN 'FOREIGN TABLE' ELSE 'TABLE' END, ns.nspname, c.relname, $1::text)
  FROM pg_class c JOIN ns ON ns.oid = c.relnamespace
 WHERE c.relowner IN (SELECT oid FROM su) AND c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f')
   AND NOT EXISTS (SELECT FROM ext WHERE classid = 'pg_class'::regclass AND objid = c.oid)
   AND NOT EXISTS (SELECT FROM pg_depend d WHERE c.relkind = 'S' AND d.classid = 'pg_class'::regclass AND d.objid = c.oid
                      AND d.deptype IN ('a', 'i') AND d.refclassid = 'pg_class'::regclass)
UNION ALL
SELECT format('ALTER ROUTINE %I.%I(%s) OWNER TO %I', ns.nspname, p.proname, pg_get_function_identity_arguments(p.oid), $1::text)
  FROM pg_proc p JOIN ns ON ns.oid = p.pronamespace
 WHERE p.proowner IN (SELECT oid FROM su) AND p.prokind IN ('f', 'p', 'w')
   AND NOT EXISTS (SELECT FROM ext WHERE classid = 'pg_proc'::regclass AND objid = p.oid)
UNION ALL
SELECT format('ALTER TYPE %I.%I OWNER TO %I', ns.nspname, t.typname, $1::text)
  FROM pg_type t JOIN ns ON ns.oid = t.typnamespace
 WHERE t.typowner IN (SELECT oid FROM su) AND t.typtype IN ('e', 'd', 'r')
   AND NOT EXISTS (SELECT FROM ext WHERE classid = 'pg_type'::regclass AND objid = t.oid)
)";

Result<void> give_objects(const SqlAddress& address, const ServiceRole& wanted)
{
    auto inside = address;
    inside.database = wanted.database;
    auto sql = TRY(SqlConnection::open(inside));
    const std::array parameters = {wanted.role};
    std::string statements;
    for (const auto& row : TRY(sql.query(objects_of_superusers, parameters))) statements += row[0].value_or("") + ";";
    return sql.execute(statements);
}

}  // namespace

Result<void> ensure_service_role(const SqlAddress& address, const ServiceRole& wanted, const SecretBytes& password)
{
    TRY(check_names(wanted));
    auto sql = TRY(SqlConnection::open(address));
    TRY(remove_other_passwords(sql, wanted.role));
    TRY(ensure_role(sql, wanted.role, password));
    TRY(leave_powerful_roles(sql, wanted.role));
    TRY(ensure_database(sql, wanted));
    TRY(give_objects(address, wanted));
    // Last: a role with its mark is one that is complete.
    return sql.execute(
        fmt::format("COMMENT ON ROLE {} IS {}", sql.quote_name(wanted.role), sql.quote_text(wanted.mark)));
}

Result<bool> has_service_role(const SqlAddress& address, const ServiceRole& wanted)
{
    auto sql = TRY(SqlConnection::open(address));
    const std::array parameters = {wanted.role, wanted.database, wanted.mark};
    const auto found =
        TRY(sql.query_value("SELECT 1 FROM pg_authid r, pg_database WHERE rolname = $1 AND rolcanlogin AND rolpassword "
                            "IS NOT NULL AND datname = $2 AND coalesce(shobj_description(r.oid, 'pg_authid'), '') = $3",
                            parameters));
    return found.has_value();
}

Result<void> remove_service_role(const SqlAddress& address, const ServiceRole& wanted)
{
    if (!TRY(has_service_role(address, wanted))) return {};
    auto sql = TRY(SqlConnection::open(address));
    const auto role = sql.quote_name(wanted.role);
    TRY(sql.execute(fmt::format("ALTER ROLE {} NOLOGIN PASSWORD NULL; COMMENT ON ROLE {} IS NULL", role, role)));
    const std::array parameters = {wanted.role};
    TRY(sql.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = $1", parameters));
    return {};
}

}  // namespace ramet::data
