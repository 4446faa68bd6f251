#include "base/result.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace ramet;

TEST_CASE("each kind of error has the word, the status and the exit code of the interface")
{
    struct Case {
        ErrorKind kind;
        std::string_view word;
        int status;
        int exit;
        bool transient;
    };
    const Case cases[] = {
        {ErrorKind::invalid, "invalid", 422, 2, false},
        {ErrorKind::not_found, "not_found", 404, 3, false},
        {ErrorKind::unauthenticated, "unauthenticated", 401, 4, false},
        {ErrorKind::forbidden, "forbidden", 403, 4, false},
        {ErrorKind::conflict, "conflict", 409, 5, false},
        {ErrorKind::refused, "refused", 409, 5, false},
        {ErrorKind::egress_denied, "egress_denied", 422, 5, false},
        {ErrorKind::integrity, "integrity", 500, 6, false},
        {ErrorKind::timeout, "timeout", 504, 7, true},
        {ErrorKind::cancelled, "cancelled", 504, 7, false},
        {ErrorKind::unavailable, "unavailable", 503, 1, true},
        {ErrorKind::internal, "internal", 500, 1, false},
    };
    for (const auto& [kind, word, status, exit, transient] : cases) {
        CAPTURE(word);
        CHECK(to_string(kind) == word);
        CHECK(parse_error_kind(word) == kind);
        CHECK(http_status(kind) == status);
        CHECK(exit_code(kind) == exit);
        CHECK(is_transient(kind) == transient);
    }
}

TEST_CASE("an unknown word is an internal error")
{
    CHECK(parse_error_kind("") == ErrorKind::internal);
    CHECK(parse_error_kind("Invalid") == ErrorKind::internal);
}

TEST_CASE("context is put in front of the message and leaves the rest alone")
{
    const Error inner{ErrorKind::not_found, "no such file", "evidence", "next", "a:1:2"};
    const auto outer = in_context(inner, "reading ramet.yaml");
    CHECK(outer == Error{ErrorKind::not_found, "reading ramet.yaml: no such file", "evidence", "next", "a:1:2"});
    CHECK(fail_in(inner, "up").error().message == "up: no such file");
}

namespace {

Result<int> half(int number)
{
    if (number % 2 != 0) return fail(ErrorKind::invalid, "{} is odd", number);
    return number / 2;
}

Result<void> check_even(int number)
{
    TRY(half(number));
    return {};
}

Result<std::string> quarter(int number)
{
    TRY(check_even(number));
    const auto once = TRY(half(number));
    const auto twice = TRY(half(once));
    return std::to_string(twice);
}

}  // namespace

TEST_CASE("TRY takes the value or leaves the function with the error")
{
    CHECK(quarter(12).value() == "3");
    CHECK(quarter(6).error() == Error{ErrorKind::invalid, "3 is odd"});
    CHECK(quarter(5).error() == Error{ErrorKind::invalid, "5 is odd"});
}
