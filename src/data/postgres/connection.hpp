#pragma once

#include "base/clock.hpp"
#include "base/file.hpp"
#include "base/result.hpp"
#include "base/secret_bytes.hpp"

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

struct pg_conn;

namespace ramet::data {

/// The superuser of every server that Ramet makes. Reached only through the socket directory, which is closed to others.
inline constexpr std::string_view superuser = "ramet";

struct SqlAddress {
    std::string host;  ///< an address, or the socket directory
    int port = 5432;
    std::string database = "postgres";
    std::string user{superuser};
    /// For tests and probes that log in as others do; the superuser has none.
    const SecretBytes* password = nullptr;
    Milliseconds statement_timeout{30'000};
};

using SqlRow = std::vector<std::optional<std::string>>;

/// One connection to PostgreSQL, for one thread. What the server says stands in the errors; statements and values do not.
class SqlConnection {
public:
    /// `unavailable` when nobody answers or the server is starting, `forbidden` when it lets us not in.
    static Result<SqlConnection> open(const SqlAddress& address);

    /// One statement with its parameters $1, $2, …
    Result<std::vector<SqlRow>> query(const std::string& statement, std::span<const std::string> parameters = {});
    /// Statements without parameters and without result.
    Result<void> execute(const std::string& statements);
    /// The first column of the first row; nothing when there is no row or it is null.
    Result<std::optional<std::string>> query_value(const std::string& statement,
                                                   std::span<const std::string> parameters = {});

    /// What the server stores for this password; computed here, so that the password is in no statement and no log.
    Result<std::string> make_verifier(const std::string& role, const SecretBytes& password);

    std::string quote_name(std::string_view name) const;
    std::string quote_text(std::string_view text) const;

private:
    struct Close {
        void operator()(pg_conn* connection) const;
    };
    explicit SqlConnection(pg_conn* connection) : connection_(connection) {}

    std::unique_ptr<pg_conn, Close> connection_;
};

}  // namespace ramet::data
