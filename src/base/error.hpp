#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace ramet {

/// What went wrong, in the terms that decide the HTTP status, the exit code and whether a retry makes sense.
enum class ErrorKind : std::uint8_t {
    invalid,          ///< the caller's input cannot be accepted
    not_found,        ///< no such thing, or not visible to the caller
    unauthenticated,  ///< who are you?
    forbidden,        ///< known, but not allowed
    conflict,         ///< the present state does not admit it
    refused,          ///< a policy, the reach rule or a limit says no
    egress_denied,    ///< the input leads to an address where this connection may not go
    integrity,        ///< stored data is not what was written
    timeout,          ///< a deadline passed
    cancelled,        ///< somebody asked to stop
    unavailable,      ///< a provider, the disk or the network does not answer now; may be tried again
    internal,         ///< a defect of Ramet
};

/// One failure: what failed and on what (`message`), what was seen (`evidence`: last log lines, the provider's words)
/// and the command to try next. Context is put in front of `message` once per layer, by `in_context`.
struct Error {
    ErrorKind kind = ErrorKind::internal;
    std::string message;
    std::string evidence{};
    std::string next_step{};
    /// Where in the input, as "file:line:column" or a JSON Pointer; empty when it does not apply.
    std::string where{};

    friend bool operator==(const Error&, const Error&) = default;
};

/// "not_found" and so on: the `code` of an API error.
std::string_view to_string(ErrorKind kind);
/// The inverse of `to_string`; unknown words are `internal`.
ErrorKind parse_error_kind(std::string_view word);
/// The exit code of the command line, from the table of the interface.
int exit_code(ErrorKind kind);
/// The default HTTP status, from the table of the interface.
int http_status(ErrorKind kind);
/// Whether the same call may succeed later without a change of input.
bool is_transient(ErrorKind kind);

/// The same error, told one layer further out: "reading ramet.yaml: no such file".
Error in_context(Error error, std::string_view context);

}  // namespace ramet
