#pragma once

#include "data/postgres/connection.hpp"

#include <string>

namespace ramet::data {

/// The role that services log in as, and the database that belongs to it.
struct ServiceRole {
    std::string role;
    std::string database;
    /// Kept as the role's comment, so that it can be told whose it is.
    std::string mark{};
};

/// Makes the server ready for services: the role can log in with `password` and nothing else can with any; it is no superuser
/// and member of none that could leave the database; the database is there, it and what superusers left in it belong to the
/// role. Repeatable. `address` names server and superuser. Errors: invalid (reserved names), unavailable.
Result<void> ensure_service_role(const SqlAddress& address, const ServiceRole& wanted, const SecretBytes& password);

/// Whether the role can log in, carries this mark, and the database exists.
Result<bool> has_service_role(const SqlAddress& address, const ServiceRole& wanted);

/// Nobody can log in as the role any more, and whoever had is cut off. What it owns stays. Only when it carries this mark;
/// repeatable.
Result<void> remove_service_role(const SqlAddress& address, const ServiceRole& wanted);

}  // namespace ramet::data
