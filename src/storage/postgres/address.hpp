#pragma once

#include "base/file.hpp"
#include "base/result.hpp"
#include "base/secret_bytes.hpp"

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace ramet::storage {

/// Where a PostgreSQL store is and how one signs in there, in libpq's words.
class PostgresAddress {
public:
    /// "postgres://USER@HOST:PORT/DATABASE?sslmode=verify-full", or "postgresql://…". The password comes from `password_file`,
    /// which nobody else may read (`is_private`). `invalid`: not such an address, or one that holds a password, which every `ps` would show;
    /// `refused`: a password file that others may read.
    static Result<PostgresAddress> parse(const std::string& url, const std::optional<Path>& password_file);

    /// libpq's keywords with their values, the password among them.
    const std::vector<std::pair<std::string, std::string>>& keywords() const { return keywords_; }
    const SecretBytes* password() const { return password_ ? &*password_ : nullptr; }
    /// For people: "ramet@db.example.com:5432/ramet".
    std::string text() const;

private:
    std::string value_of(std::string_view keyword) const;

    std::vector<std::pair<std::string, std::string>> keywords_;
    std::optional<SecretBytes> password_;
};

struct UserAndGroup {
    unsigned user = 0;
    unsigned group = 0;
};
/// Whether a file with that mode and owner may be read by nobody but the process `self`. Root's file may be read by the group of a process that is
/// not root: so Kubernetes mounts a Secret for a pod (`fsGroup`).
bool is_private(unsigned mode, const UserAndGroup& owner, const UserAndGroup& self);

}  // namespace ramet::storage
