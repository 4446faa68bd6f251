#include "storage/postgres/row.hpp"

#include <libpq-fe.h>

#include <charconv>

namespace ramet::storage {
namespace {

// pg_type.dat
constexpr Oid bytea_type = 17;

int digit_of(char c)
{
    return c <= '9' ? c - '0' : c - 'a' + 10;
}

/// "\x00ff", the form of bytes in a result that is text.
std::string bytes_of(std::string_view hex)
{
    std::string bytes;
    bytes.reserve(hex.size() / 2);
    for (std::size_t i = 2; i + 1 < hex.size(); i += 2)
        bytes += static_cast<char>(digit_of(hex[i]) * 16 + digit_of(hex[i + 1]));
    return bytes;
}

}  // namespace

std::string PostgresRow::text(int column) const
{
    const std::string_view value(PQgetvalue(result_, row_, column),
                                 static_cast<std::size_t>(PQgetlength(result_, row_, column)));
    return PQftype(result_, column) == bytea_type ? bytes_of(value) : std::string(value);
}

std::int64_t PostgresRow::integer(int column) const
{
    const std::string_view value(PQgetvalue(result_, row_, column));
    std::int64_t number = 0;
    std::from_chars(value.data(), value.data() + value.size(), number);
    return number;
}

bool PostgresRow::is_null(int column) const
{
    return PQgetisnull(result_, row_, column) != 0;
}

}  // namespace ramet::storage
