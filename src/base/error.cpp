#include "base/error.hpp"

#include <array>
#include <utility>

namespace ramet {
namespace {

struct Row {
    ErrorKind kind;
    std::string_view word;
    int http_status;
    int exit_code;
};

constexpr std::array<Row, 12> rows = {{
    {ErrorKind::invalid, "invalid", 422, 2},
    {ErrorKind::not_found, "not_found", 404, 3},
    {ErrorKind::unauthenticated, "unauthenticated", 401, 4},
    {ErrorKind::forbidden, "forbidden", 403, 4},
    {ErrorKind::conflict, "conflict", 409, 5},
    {ErrorKind::refused, "refused", 409, 5},
    {ErrorKind::egress_denied, "egress_denied", 422, 5},
    {ErrorKind::integrity, "integrity", 500, 6},
    {ErrorKind::timeout, "timeout", 504, 7},
    {ErrorKind::cancelled, "cancelled", 504, 7},
    {ErrorKind::unavailable, "unavailable", 503, 1},
    {ErrorKind::internal, "internal", 500, 1},
}};

const Row& row_of(ErrorKind kind)
{
    for (const auto& row : rows)
        if (row.kind == kind) return row;
    return rows.back();
}

}  // namespace

std::string_view to_string(ErrorKind kind)
{
    return row_of(kind).word;
}

ErrorKind parse_error_kind(std::string_view word)
{
    for (const auto& row : rows)
        if (row.word == word) return row.kind;
    return ErrorKind::internal;
}

int exit_code(ErrorKind kind)
{
    return row_of(kind).exit_code;
}

int http_status(ErrorKind kind)
{
    return row_of(kind).http_status;
}

bool is_transient(ErrorKind kind)
{
    return kind == ErrorKind::unavailable || kind == ErrorKind::timeout;
}

Error in_context(Error error, std::string_view context)
{
    error.message = std::string(context) + ": " + error.message;
    return error;
}

}  // namespace ramet
