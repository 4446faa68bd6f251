#include "storage/postgres/error.hpp"

#include "base/text.hpp"

#include <fmt/core.h>
#include <libpq-fe.h>

#include <array>

namespace ramet::storage {
namespace {

struct Meaning {
    std::string_view state;  ///< the beginning of an SQLSTATE
    ErrorKind kind;
    std::string_view next_step;
};

// https://www.postgresql.org/docs/15/errcodes-appendix.html; the first that fits counts.
constexpr std::array meanings = {
    Meaning{"08", ErrorKind::unavailable, "see that the database is up and can be reached from here"},
    Meaning{"22021", ErrorKind::invalid, "write it in UTF-8, without the byte 0"},
    Meaning{"22P05", ErrorKind::invalid, "write it in UTF-8, without the byte 0"},
    Meaning{"23", ErrorKind::conflict, {}},
    Meaning{"25006", ErrorKind::unavailable, "name the primary: this server takes no writes"},
    Meaning{"25P03", ErrorKind::unavailable, {}},
    Meaning{"28", ErrorKind::unavailable, "correct the user, or the password in --store-password-file"},
    Meaning{"3D000", ErrorKind::unavailable, "create the database, or correct its name in --store"},
    Meaning{"40", ErrorKind::unavailable, {}},
    Meaning{"42501", ErrorKind::unavailable, "let Ramet's user own the schema that it uses"},
    Meaning{"53100", ErrorKind::unavailable, "free some space on the disk of the database"},
    Meaning{"53", ErrorKind::unavailable, "give the database more memory or connections"},
    Meaning{"55P03", ErrorKind::unavailable, "see who holds locks there: SELECT * FROM pg_stat_activity"},
    Meaning{"57", ErrorKind::unavailable, "see that the database is up"},
    Meaning{"58", ErrorKind::unavailable, "look at the database's own log"},
    Meaning{"XX001", ErrorKind::integrity, "restore the database from a backup"},
    Meaning{"XX002", ErrorKind::integrity, "REINDEX the database, or restore it from a backup"},
};

Meaning meaning_of(std::string_view state)
{
    for (const auto& meaning : meanings)
        if (state.starts_with(meaning.state)) return meaning;
    return {state, ErrorKind::internal, {}};
}

std::string words_of(const PGconn* connection)
{
    return std::string(trim(PQerrorMessage(connection)));
}

}  // namespace

Error postgres_error(const PGresult* result, const PGconn* connection, std::string_view what)
{
    const char* const state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    const char* const primary = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
    if (state == nullptr) {
        // Nothing came back: the connection is gone.
        Error error{ErrorKind::unavailable, fmt::format("{}: {}", what, words_of(connection))};
        error.next_step = "see that the database is up and can be reached from here";
        return error;
    }
    const auto meaning = meaning_of(state);
    Error error{meaning.kind, fmt::format("{}: {}", what, primary == nullptr ? words_of(connection) : primary)};
    error.evidence = fmt::format("PostgreSQL state {}", state);
    error.next_step = meaning.next_step;
    return error;
}

Error postgres_connect_error(const PGconn* connection, std::string_view place)
{
    const auto words = words_of(connection);
    Error error{ErrorKind::unavailable, fmt::format("the store {} cannot be reached", place)};
    error.evidence = words;
    const bool is_refused = words.contains("authentication failed") || words.contains("no password supplied");
    error.next_step = is_refused ? "correct the user, or the password in --store-password-file"
                                 : "see that the database is up and can be reached from here";
    return error;
}

}  // namespace ramet::storage
