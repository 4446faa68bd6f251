#include "data/postgres/connection.hpp"

#include "base/text.hpp"

#include <libpq-fe.h>

#include <array>

namespace ramet::data {
namespace {

using ResultPointer = std::unique_ptr<PGresult, decltype(&PQclear)>;

std::string words_of(const char* message)
{
    return std::string(trim(message == nullptr ? "" : message));
}

/// SQLSTATE classes of errors-appendix: 28 authorisation, 53 resources, 57 operator intervention, 58 system.
ErrorKind kind_of(std::string_view state)
{
    if (state.starts_with("57014")) return ErrorKind::timeout;
    if (state.starts_with("28") || state == "42501") return ErrorKind::forbidden;
    if (state.starts_with("53") || state.starts_with("57") || state.starts_with("58")) return ErrorKind::unavailable;
    if (state.starts_with("08") || state.empty()) return ErrorKind::unavailable;
    return ErrorKind::conflict;
}

std::unexpected<Error> sql_error(const PGresult* result, PGconn* connection)
{
    const auto* state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    const auto* primary = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
    const auto words = primary == nullptr ? words_of(PQerrorMessage(connection)) : words_of(primary);
    return fail(kind_of(state == nullptr ? "" : state), "PostgreSQL: {}", words);
}

bool is_refusal(std::string_view words)
{
    return words.contains("authentication failed") || words.contains("no pg_hba.conf entry") ||
           words.contains("pg_hba.conf rejects") || words.contains("Permission denied") ||
           words.contains("no password supplied") || words.contains("not permitted to log in");
}

SqlRow row_of(const PGresult* result, int row)
{
    SqlRow values;
    for (int column = 0; column < PQnfields(result); ++column) {
        if (PQgetisnull(result, row, column) != 0)
            values.emplace_back();
        else
            values.emplace_back(PQgetvalue(result, row, column));
    }
    return values;
}

}  // namespace

void SqlConnection::Close::operator()(pg_conn* connection) const
{
    PQfinish(connection);
}

Result<SqlConnection> SqlConnection::open(const SqlAddress& address)
{
    const auto port = std::to_string(address.port);
    const auto options =
        fmt::format("-c statement_timeout={} -c client_min_messages=error", address.statement_timeout.count());
    // libpq keeps its own copy of the password; it is wiped with the connection.
    const auto password = address.password == nullptr ? std::string() : std::string(address.password->reveal());
    const std::array<const char*, 11> names = {
        "host",    "port",       "dbname",          "user",     "password", "options",
        "sslmode", "gssencmode", "connect_timeout", "passfile", nullptr};
    const std::array<const char*, 11> values = {address.host.c_str(),
                                                port.c_str(),
                                                address.database.c_str(),
                                                address.user.c_str(),
                                                password.c_str(),
                                                options.c_str(),
                                                "disable",
                                                "disable",
                                                "5",
                                                "/dev/null/none",
                                                nullptr};
    SqlConnection made(PQconnectdbParams(names.data(), values.data(), 0));
    if (!made.connection_) return fail(ErrorKind::unavailable, "no memory for a connection to PostgreSQL");
    if (PQstatus(made.connection_.get()) == CONNECTION_OK) return made;
    const auto words = words_of(PQerrorMessage(made.connection_.get()));
    return fail(is_refusal(words) ? ErrorKind::forbidden : ErrorKind::unavailable, "PostgreSQL at {}:{}: {}",
                address.host, port, words);
}

Result<std::vector<SqlRow>> SqlConnection::query(const std::string& statement, std::span<const std::string> parameters)
{
    std::vector<const char*> values;
    for (const auto& parameter : parameters) values.push_back(parameter.c_str());
    const ResultPointer result(PQexecParams(connection_.get(), statement.c_str(), static_cast<int>(values.size()),
                                            nullptr, values.data(), nullptr, nullptr, 0),
                               &PQclear);
    const auto status = PQresultStatus(result.get());
    if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK) return sql_error(result.get(), connection_.get());
    std::vector<SqlRow> rows;
    for (int row = 0; row < PQntuples(result.get()); ++row) rows.push_back(row_of(result.get(), row));
    return rows;
}

Result<void> SqlConnection::execute(const std::string& statements)
{
    const ResultPointer result(PQexec(connection_.get(), statements.c_str()), &PQclear);
    const auto status = PQresultStatus(result.get());
    if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK && status != PGRES_EMPTY_QUERY)
        return sql_error(result.get(), connection_.get());
    return {};
}

Result<std::optional<std::string>> SqlConnection::query_value(const std::string& statement,
                                                              std::span<const std::string> parameters)
{
    auto rows = TRY(query(statement, parameters));
    if (rows.empty() || rows.front().empty()) return std::nullopt;
    return std::move(rows.front().front());
}

Result<std::string> SqlConnection::make_verifier(const std::string& role, const SecretBytes& password)
{
    const std::string plain(password.reveal());
    const std::unique_ptr<char, decltype(&PQfreemem)> verifier(
        PQencryptPasswordConn(connection_.get(), plain.c_str(), role.c_str(), "scram-sha-256"), &PQfreemem);
    if (!verifier) return fail(ErrorKind::internal, "no SCRAM verifier could be made for the role {}", role);
    return std::string(verifier.get());
}

std::string SqlConnection::quote_name(std::string_view name) const
{
    const std::unique_ptr<char, decltype(&PQfreemem)> quoted(
        PQescapeIdentifier(connection_.get(), name.data(), name.size()), &PQfreemem);
    return quoted ? std::string(quoted.get()) : std::string("\"\"");
}

std::string SqlConnection::quote_text(std::string_view text) const
{
    const std::unique_ptr<char, decltype(&PQfreemem)> quoted(
        PQescapeLiteral(connection_.get(), text.data(), text.size()), &PQfreemem);
    return quoted ? std::string(quoted.get()) : std::string("''");
}

}  // namespace ramet::data
