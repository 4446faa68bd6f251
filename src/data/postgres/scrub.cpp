#include "data/postgres/scrub.hpp"

#include "base/hash.hpp"

namespace ramet::data {
namespace {

/// Runs the statements that the server's own catalogue composes, each in a transaction of its own.
Result<void> execute_composed(SqlConnection& sql, const std::string& composing)
{
    for (const auto& row : TRY(sql.query(composing))) TRY(sql.execute(row[0].value_or("")));
    return {};
}

constexpr auto passwords =
    "SELECT format('ALTER ROLE %I PASSWORD NULL', rolname) FROM pg_authid WHERE rolpassword IS NOT NULL";

constexpr auto slots = "SELECT format('SELECT pg_drop_replication_slot(%L)', slot_name) FROM pg_replication_slots";

/// Without a slot, DROP SUBSCRIPTION does not call the publisher.
constexpr auto detach_subscriptions =
    "SELECT s FROM (SELECT subname, unnest(ARRAY['ALTER SUBSCRIPTION %I DISABLE', 'ALTER SUBSCRIPTION %I SET "
    "(slot_name = NONE)', "
    "'DROP SUBSCRIPTION %I']) AS f FROM pg_subscription WHERE subdbid = (SELECT oid FROM pg_database WHERE datname = "
    "current_database())) x, LATERAL format(f, subname) AS s";

constexpr auto user_mappings = "SELECT format('DROP USER MAPPING IF EXISTS FOR %s SERVER %I', CASE umuser WHEN 0 THEN "
                               "'PUBLIC' ELSE quote_ident(usename) END, "
                               "srvname) FROM pg_user_mappings";

/// pg_cron is not loaded here, so its triggers could not run.
constexpr auto cron_jobs =
    "SELECT format('SET session_replication_role = replica; DELETE FROM %s; RESET session_replication_role', t) FROM "
    "unnest(ARRAY[to_regclass('cron.job_run_details'), to_regclass('cron.job')]) AS t WHERE t IS NOT NULL";

Result<void> scrub_database(const SqlAddress& address)
{
    auto sql = TRY(SqlConnection::open(address));
    TRY(execute_composed(sql, detach_subscriptions));
    TRY(execute_composed(sql, user_mappings));
    return execute_composed(sql, cron_jobs);
}

constexpr auto schema_lines = R"(
WITH ns AS (SELECT oid, nspname FROM pg_namespace WHERE nspname <> 'information_schema' AND nspname NOT LIKE 'pg\_%')
SELECT line FROM (
  SELECT format('column %s.%s %s %s %s %s %s', nspname, relname, relkind, attname, format_type(atttypid, atttypmod), attnotnull,
                pg_get_expr(adbin, adrelid))
    FROM pg_attribute a JOIN pg_class c ON c.oid = attrelid JOIN ns ON ns.oid = relnamespace
    LEFT JOIN pg_attrdef ON adrelid = c.oid AND adnum = attnum
   WHERE attnum > 0 AND NOT attisdropped AND relkind IN ('r', 'p', 'v', 'm', 'f')
  UNION ALL SELECT format('constraint %s %s %s', conrelid::regclass, conname, pg_get_constraintdef(k.oid))
    FROM pg_constraint k JOIN ns ON ns.oid = connamespace
  UNION ALL SELECT 'index ' || pg_get_indexdef(i.indexrelid)
    FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN ns ON ns.oid = relnamespace
  UNION ALL SELECT format('view %s.%s %s', nspname, relname, pg_get_viewdef(c.oid))
    FROM pg_class c JOIN ns ON ns.oid = relnamespace WHERE relkind IN ('v', 'm')
  UNION ALL SELECT format('routine %s.%s(%s) %s', nspname, proname, pg_get_function_identity_arguments(p.oid), prosrc)
    FROM pg_proc p JOIN ns ON ns.oid = pronamespace
  UNION ALL SELECT format('label %s.%s %s %s', nspname, typname, enumsortorder, enumlabel)
    FROM pg_enum e JOIN pg_type t ON t.oid = enumtypid JOIN ns ON ns.oid = typnamespace
) AS lines(line) ORDER BY line COLLATE "C"
)";

}  // namespace

Result<void> scrub_cluster(const SqlAddress& address)
{
    auto sql = TRY(SqlConnection::open(address));
    TRY(execute_composed(sql, passwords));
    for (const auto& row : TRY(sql.query("SELECT datname FROM pg_database WHERE datallowconn"))) {
        auto inside = address;
        inside.database = row[0].value_or("");
        TRY(scrub_database(inside));
    }
    return execute_composed(sql, slots);
}

Result<std::string> schema_hash(const SqlAddress& address)
{
    auto sql = TRY(SqlConnection::open(address));
    Sha256 hash;
    for (const auto& row : TRY(sql.query(schema_lines))) hash.update(row[0].value_or("") + "\n");
    return hash.hex();
}

}  // namespace ramet::data
