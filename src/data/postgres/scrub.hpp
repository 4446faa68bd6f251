#pragma once

#include "data/postgres/connection.hpp"

namespace ramet::data {

/// Takes out of a copied cluster all that could act outside of it or open it: passwords, subscriptions, user mappings of
/// foreign servers, scheduled jobs (pg_cron), replication slots. In every database. Repeatable.
Result<void> scrub_cluster(const SqlAddress& address);

/// Changes when tables, columns, constraints, indexes, views, functions or types of this database change; not with its rows.
Result<std::string> schema_hash(const SqlAddress& address);

}  // namespace ramet::data
