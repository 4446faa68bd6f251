#pragma once
// Private to the server and the proxy.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace ramet::net {

/// The fields that decide how a message is framed or forwarded; all others are `other`.
enum class FieldKind : std::uint8_t {
    other,
    host,
    content_length,
    transfer_encoding,
    connection,
    upgrade,
    expect,
    hop_by_hop,  ///< Keep-Alive, Proxy-Connection, TE, Trailer
    forwarded,   ///< Forwarded, X-Forwarded-For, -Host, -Proto
    robots,      ///< X-Robots-Tag
};

struct HeadField {
    std::string_view name;
    std::string_view value;
    FieldKind kind = FieldKind::other;
};

/// What a request's and a response's head have in common. All text points into the buffer that was parsed.
struct MessageHead {
    std::vector<HeadField> fields{};
    std::optional<std::uint64_t> content_length{};
    /// The values of Connection, for `is_named_by_connection`.
    std::vector<std::string_view> connection_options{};
    std::string_view upgrade{};
    int minor_version = 1;
    bool chunked = false;
    bool keep_alive = true;
    bool wants_upgrade = false;
    bool expects_continue = false;
    /// Bytes of the head, its empty line included.
    std::size_t size = 0;

    /// Empty again, with the memory kept.
    void clear();
    const HeadField* find(std::string_view name) const;
    /// Whether Connection lists this field, so that it must not travel further (RFC 9110 §7.6.1).
    bool is_named_by_connection(std::string_view name) const;
};

struct RequestHead : MessageHead {
    std::string_view method{};
    /// Origin form: "/path?query", or "*" for OPTIONS.
    std::string_view target{};
    /// The one Host field, or the authority of a target in absolute form, which goes before it.
    std::string_view host{};
};

struct ResponseHead : MessageHead {
    int status = 0;
    std::string_view reason{};
};

enum class HeadState : std::uint8_t { incomplete, complete, bad };

struct HeadResult {
    HeadState state = HeadState::incomplete;
    /// Of a bad request: what to answer.
    int status = 0;
    std::string_view reason{};
};

/// Parsers of RFC 9112, stricter than most: where two implementations could disagree about where a message ends (bare
/// line feeds, folded fields, several lengths, a length beside an encoding) the message is bad. Beast's parser unfolds
/// and repairs instead, which a proxy must not do.
/// `scanned` is how far an earlier call saw no end; it is kept up to date and spares a second look.
HeadResult parse_request_head(std::string_view text, std::size_t& scanned, RequestHead& head);
HeadResult parse_response_head(std::string_view text, std::size_t& scanned, ResponseHead& head);

}  // namespace ramet::net
