#include "net/http_head.hpp"

#include "net/headers.hpp"

#include <array>
#include <charconv>
#include <cstring>

namespace ramet::net {

namespace {

constexpr std::size_t field_limit = 256;

enum CharacterClass : unsigned char { token = 1, value_character = 2, target_character = 4, host_character = 8 };

constexpr std::array<unsigned char, 256> make_character_classes()
{
    std::array<unsigned char, 256> classes{};
    for (int c = 0; c < 256; ++c) {
        auto& flags = classes[static_cast<std::size_t>(c)];
        if (c == '\t' || (c >= 0x20 && c != 0x7f)) flags |= value_character;
        if (c > 0x20 && c != 0x7f) flags |= target_character;
        const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (letter || (c != 0 && c < 128 && std::string_view("!#$%&'*+-.^_`|~").contains(static_cast<char>(c))))
            flags |= token;
        if (letter || c == '-' || c == '.' || c == '_' || c == ':' || c == '[' || c == ']') flags |= host_character;
    }
    return classes;
}

constexpr auto character_classes = make_character_classes();

bool all_are(std::string_view text, CharacterClass wanted)
{
    for (const char c : text)
        if (!(character_classes[static_cast<unsigned char>(c)] & wanted)) return false;
    return true;
}

HeadResult bad(std::string_view reason, int status = 400)
{
    return {HeadState::bad, status, reason};
}
constexpr HeadResult fine{HeadState::complete, 0, {}};

std::string_view trim_blanks(std::string_view text)
{
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
    return text;
}

struct KnownField {
    std::string_view name;
    FieldKind kind;
};

constexpr KnownField known_fields[] = {
    {"host", FieldKind::host},
    {"connection", FieldKind::connection},
    {"content-length", FieldKind::content_length},
    {"transfer-encoding", FieldKind::transfer_encoding},
    {"upgrade", FieldKind::upgrade},
    {"expect", FieldKind::expect},
    {"te", FieldKind::hop_by_hop},
    {"trailer", FieldKind::hop_by_hop},
    {"keep-alive", FieldKind::hop_by_hop},
    {"proxy-connection", FieldKind::hop_by_hop},
    {"forwarded", FieldKind::forwarded},
    {"x-forwarded-for", FieldKind::forwarded},
    {"x-forwarded-host", FieldKind::forwarded},
    {"x-forwarded-proto", FieldKind::forwarded},
    {"x-robots-tag", FieldKind::robots},
};

FieldKind kind_of(std::string_view name)
{
    for (const auto& known : known_fields)
        if (known.name.size() == name.size() && (name[0] | 0x20) == known.name[0] &&
            equals_ignoring_case(name, known.name))
            return known.kind;
    return FieldKind::other;
}

/// Where the head ends (after its empty line); 0 when that is not there yet. A bare line feed is `npos`.
std::size_t find_end(std::string_view text, std::size_t& scanned)
{
    while (scanned < text.size()) {
        const auto* found = static_cast<const char*>(std::memchr(text.data() + scanned, '\n', text.size() - scanned));
        if (!found) break;
        const auto at = static_cast<std::size_t>(found - text.data());
        scanned = at + 1;
        if (at == 0 || text[at - 1] != '\r') return std::string_view::npos;
        if (at >= 3 && text[at - 2] == '\n') return at + 1;
    }
    scanned = text.size();
    return 0;
}

/// Takes the first line off; the head was checked to consist of lines that end with CR LF.
std::string_view take_line(std::string_view& text)
{
    const auto end =
        static_cast<std::size_t>(static_cast<const char*>(std::memchr(text.data(), '\n', text.size())) - text.data());
    const auto line = text.substr(0, end - 1);
    text.remove_prefix(end + 1);
    return line;
}

HeadResult note_content_length(MessageHead& head, std::string_view value)
{
    std::uint64_t length = 0;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), length);
    const bool is_number = !value.empty() && error == std::errc() && end == value.data() + value.size();
    if (!is_number || value.size() > 18) return bad("the Content-Length is not a number");
    if (head.content_length && *head.content_length != length) return bad("two different Content-Lengths");
    head.content_length = length;
    return fine;
}

HeadResult note_transfer_encoding(MessageHead& head, std::string_view value)
{
    if (head.chunked) return bad("more than one Transfer-Encoding");
    if (!equals_ignoring_case(value, "chunked")) return bad("a Transfer-Encoding other than chunked", 501);
    head.chunked = true;
    return fine;
}

void note_connection(MessageHead& head, std::string_view value)
{
    while (!value.empty()) {
        const auto comma = value.find(',');
        const auto option = trim_blanks(value.substr(0, comma));
        value = comma == std::string_view::npos ? std::string_view() : value.substr(comma + 1);
        if (option.empty()) continue;
        if (equals_ignoring_case(option, "close"))
            head.keep_alive = false;
        else if (equals_ignoring_case(option, "keep-alive"))
            head.keep_alive = head.keep_alive || head.minor_version == 0;
        else if (equals_ignoring_case(option, "upgrade"))
            head.wants_upgrade = true;
        else
            head.connection_options.push_back(option);
    }
}

HeadResult note_field(MessageHead& head, const HeadField& field)
{
    switch (field.kind) {
    case FieldKind::content_length: return note_content_length(head, field.value);
    case FieldKind::transfer_encoding: return note_transfer_encoding(head, field.value);
    case FieldKind::connection: note_connection(head, field.value); return fine;
    case FieldKind::upgrade: head.upgrade = field.value; return fine;
    case FieldKind::expect: head.expects_continue = equals_ignoring_case(field.value, "100-continue"); return fine;
    default: return fine;
    }
}

HeadResult parse_field(MessageHead& head, std::string_view line)
{
    if (line[0] == ' ' || line[0] == '\t') return bad("a folded header field");
    const auto colon = line.find(':');
    if (colon == std::string_view::npos || colon == 0) return bad("a header field without a name");
    HeadField field{line.substr(0, colon), trim_blanks(line.substr(colon + 1))};
    if (!all_are(field.name, token)) return bad("a header name with a character that names cannot have");
    if (!all_are(field.value, value_character)) return bad("a control character in a header field");
    if (head.fields.size() >= field_limit) return bad("too many header fields", 431);
    field.kind = kind_of(field.name);
    head.fields.push_back(field);
    return note_field(head, field);
}

HeadResult parse_fields(MessageHead& head, std::string_view text)
{
    while (text.size() > 2) {
        if (const auto result = parse_field(head, take_line(text)); result.state == HeadState::bad) return result;
    }
    if (head.chunked && head.content_length) return bad("a Content-Length beside a Transfer-Encoding");
    if (head.chunked && head.minor_version == 0) return bad("a Transfer-Encoding in HTTP/1.0");
    head.wants_upgrade = head.wants_upgrade && !head.upgrade.empty() && head.minor_version == 1;
    return fine;
}

/// "HTTP/1.1" → 1; what is not HTTP/1.x is -1.
int parse_version(std::string_view text)
{
    if (text.size() != 8 || !text.starts_with("HTTP/1.") || (text[7] != '0' && text[7] != '1')) return -1;
    return text[7] - '0';
}

HeadResult parse_request_line(RequestHead& head, std::string_view line)
{
    const auto first = line.find(' ');
    const auto last = line.rfind(' ');
    if (first == std::string_view::npos || first == last) return bad("the request line has not three parts");
    head.method = line.substr(0, first);
    head.target = line.substr(first + 1, last - first - 1);
    const auto version = line.substr(last + 1);
    if (head.method.empty() || head.method.size() > 32 || !all_are(head.method, token)) return bad("not a method");
    if (head.target.empty() || !all_are(head.target, target_character)) return bad("not a request target");
    head.minor_version = parse_version(version);
    if (head.minor_version >= 0) return fine;
    return version.starts_with("HTTP/") ? bad("this server speaks HTTP/1.1", 505) : bad("not an HTTP version");
}

/// "http://host/path" is what clients send to a forward proxy; servers must take it too (RFC 9112 §3.2.2).
HeadResult normalise_target(RequestHead& head)
{
    if (head.target.front() == '/') return fine;
    if (head.target == "*") return head.method == "OPTIONS" ? fine : bad("\"*\" is for OPTIONS only");
    const auto scheme = head.target.find("://");
    if (scheme == std::string_view::npos) return bad("not a request target");
    const auto name = head.target.substr(0, scheme);
    if (!equals_ignoring_case(name, "http") && !equals_ignoring_case(name, "https")) return bad("not a request target");
    const auto rest = head.target.substr(scheme + 3);
    const auto slash = rest.find('/');
    head.host = rest.substr(0, slash);
    head.target = slash == std::string_view::npos ? std::string_view("/") : rest.substr(slash);
    return fine;
}

HeadResult settle_host(RequestHead& head)
{
    std::string_view given;
    int count = 0;
    for (const auto& field : head.fields)
        if (field.kind == FieldKind::host) {
            given = field.value;
            ++count;
        }
    if (count != 1) return bad(count == 0 ? "no Host" : "more than one Host");
    if (head.host.empty()) head.host = given;
    if (head.host.empty() || !all_are(head.host, host_character) || !all_are(given, host_character))
        return bad("not a Host");
    return fine;
}

HeadResult parse_status_line(ResponseHead& head, std::string_view line)
{
    head.minor_version = parse_version(line.substr(0, 8));
    if (head.minor_version < 0 || line.size() < 12 || line[8] != ' ') return bad("not a status line");
    const auto [end, error] = std::from_chars(line.data() + 9, line.data() + 12, head.status);
    if (error != std::errc() || end != line.data() + 12 || head.status < 100) return bad("not a status");
    head.reason = line.size() > 13 ? line.substr(13) : std::string_view();
    if (line.size() > 12 && line[12] != ' ') return bad("not a status line");
    return all_are(head.reason, value_character) ? fine : bad("a control character in the status line");
}

}  // namespace

void MessageHead::clear()
{
    fields.clear();
    connection_options.clear();
    content_length.reset();
    upgrade = {};
    minor_version = 1;
    chunked = wants_upgrade = expects_continue = false;
    keep_alive = true;
    size = 0;
}

const HeadField* MessageHead::find(std::string_view name) const
{
    for (const auto& field : fields)
        if (equals_ignoring_case(field.name, name)) return &field;
    return nullptr;
}

bool MessageHead::is_named_by_connection(std::string_view name) const
{
    for (const auto& option : connection_options)
        if (equals_ignoring_case(option, name)) return true;
    return false;
}

HeadResult parse_request_head(std::string_view text, std::size_t& scanned, RequestHead& head)
{
    // One empty line may stand before a request (RFC 9112 §2.2): some clients end a body with it.
    const std::size_t skipped = text.starts_with("\r\n") ? 2 : 0;
    if (scanned < skipped) scanned = skipped;
    const auto end = find_end(text, scanned);
    if (end == 0) return {};
    if (end == std::string_view::npos) return bad("a line feed without a carriage return");
    auto rest = text.substr(skipped, end - skipped);
    head.clear();
    head.host = {};
    head.size = end;
    if (const auto result = parse_request_line(head, take_line(rest)); result.state == HeadState::bad) return result;
    head.keep_alive = head.minor_version == 1;
    if (const auto result = normalise_target(head); result.state == HeadState::bad) return result;
    if (const auto result = parse_fields(head, rest); result.state == HeadState::bad) return result;
    return settle_host(head);
}

HeadResult parse_response_head(std::string_view text, std::size_t& scanned, ResponseHead& head)
{
    const auto end = find_end(text, scanned);
    if (end == 0) return {};
    if (end == std::string_view::npos) return bad("a line feed without a carriage return");
    auto rest = text.substr(0, end);
    head.clear();
    head.size = end;
    if (const auto result = parse_status_line(head, take_line(rest)); result.state == HeadState::bad) return result;
    head.keep_alive = head.minor_version == 1;
    return parse_fields(head, rest);
}

}  // namespace ramet::net
