#pragma once

#include "storage/allocations.hpp"
#include "storage/audit.hpp"
#include "storage/builds.hpp"
#include "storage/deliveries.hpp"
#include "storage/engine_store.hpp"
#include "storage/environments.hpp"
#include "storage/events.hpp"
#include "storage/generated_values.hpp"
#include "storage/goldens.hpp"
#include "storage/hosts.hpp"
#include "storage/idempotency.hpp"
#include "storage/outbox.hpp"
#include "storage/projects.hpp"
#include "storage/queue.hpp"
#include "storage/secrets.hpp"
#include "storage/servers.hpp"
#include "storage/settings.hpp"
#include "storage/tokens.hpp"
#include "storage/turns.hpp"
#include "storage/variables.hpp"

namespace ramet::storage {

/// All stores on one database. Writing functions take the transaction of `database.write`, so that any of them can be
/// put together; reading functions may be given it to see what it wrote.
struct Stores {
    /// `server` is this process among the servers of the store; nothing where there can be one only.
    Stores(Database& opened, Secrets::Parts parts, const std::string& server = {})
        : database(opened), secrets(opened, parts), allocations(opened, parts.install),
          idempotency_keys(server.empty() ? IdempotencyKeys() : IdempotencyKeys(server)), turns(opened, server)
    {
    }

    Database& database;
    Settings settings{database};
    Projects projects{database};
    Environments environments{database};
    StoredVariables variables{database};
    GeneratedValues generated_values{database};
    Secrets secrets;
    Tokens tokens{database};
    Deliveries deliveries{database};
    Goldens goldens{database};
    Builds builds{database};
    Hosts hosts{database};
    SqliteAllocations allocations;
    CapacityQueue queue{database};
    Outbox outbox{database};
    Audit audit{database};
    Events events{database};
    IdempotencyKeys idempotency_keys;
    EngineStore runs{database};
    Servers servers{database};
    Turns turns;
};

}  // namespace ramet::storage
