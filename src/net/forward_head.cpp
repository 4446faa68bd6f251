#include "net/forward_head.hpp"

#include "net/headers.hpp"

#include <charconv>

namespace ramet::net {

namespace {

void append_field(std::string& out, std::string_view name, std::string_view value)
{
    out.append(name).append(": ").append(value).append("\r\n");
}

/// The field as it stands in the buffer: name, colon, blanks and value are in one piece.
void append_as_it_was(std::string& out, const HeadField& field)
{
    const auto size = static_cast<std::size_t>(field.value.data() - field.name.data()) + field.value.size();
    out.append(field.name.data(), size).append("\r\n");
}

void append_length(std::string& out, const MessageHead& head)
{
    if (!head.content_length) return;
    char digits[24];
    const auto end = std::to_chars(digits, digits + sizeof digits, *head.content_length).ptr;
    out.append("Content-Length: ").append(digits, end).append("\r\n");
}

bool travels(const MessageHead& head, const HeadField& field)
{
    return head.connection_options.empty() || !head.is_named_by_connection(field.name);
}

bool is_v6(std::string_view address)
{
    return address.contains(':');
}

void append_forwarded_for(std::string& out, const RequestHead& head, const ForwardContext& context)
{
    out.append("X-Forwarded-For: ");
    if (context.forwarded == ForwardedFields::append)
        if (const auto* before = head.find("X-Forwarded-For")) out.append(before->value).append(", ");
    out.append(context.client_address).append("\r\n");
}

void append_original(std::string& out, const RequestHead& head, const ForwardContext& context, std::string_view name,
                     std::string_view seen)
{
    const auto* before = context.forwarded == ForwardedFields::append ? head.find(name) : nullptr;
    append_field(out, name, before ? before->value : seen);
}

/// RFC 7239.
void append_forwarded(std::string& out, const RequestHead& head, const ForwardContext& context)
{
    out.append("Forwarded: ");
    if (context.forwarded == ForwardedFields::append)
        if (const auto* before = head.find("Forwarded")) out.append(before->value).append(", ");
    const bool quoted = is_v6(context.client_address);
    out.append(quoted ? "for=\"[" : "for=").append(context.client_address).append(quoted ? "]\"" : "");
    out.append(";host=\"").append(head.host).append("\";proto=http\r\n");
}

}  // namespace

bool is_tunnelled(const RequestHead& head)
{
    return head.wants_upgrade && !equals_ignoring_case(head.upgrade.substr(0, 3), "h2c");
}

void write_request_head(std::string& out, const RequestHead& head, const ForwardContext& context)
{
    out.append(head.method)
        .append(" ")
        .append(head.target)
        .append(" HTTP/1.1\r\nHost: ")
        .append(head.host)
        .append("\r\n");
    for (const auto& field : head.fields) {
        const bool robots = field.kind == FieldKind::robots;
        if ((field.kind == FieldKind::other || robots) && travels(head, field)) append_as_it_was(out, field);
    }
    append_forwarded_for(out, head, context);
    append_original(out, head, context, "X-Forwarded-Host", head.host);
    append_original(out, head, context, "X-Forwarded-Proto", "http");
    append_forwarded(out, head, context);
    if (head.expects_continue) out.append("Expect: 100-continue\r\n");
    if (is_tunnelled(head)) out.append("Connection: Upgrade\r\nUpgrade: ").append(head.upgrade).append("\r\n");
    if (head.chunked) out.append("Transfer-Encoding: chunked\r\n");
    append_length(out, head);
    out.append("\r\n");
}

void write_response_head(std::string& out, const ResponseHead& head, const ResponseShape& shape)
{
    char status[4];
    const auto end = std::to_chars(status, status + sizeof status, head.status).ptr;
    out.append("HTTP/1.1 ").append(status, end).append(" ").append(head.reason).append("\r\n");
    const bool noindex = shape.robots == Robots::noindex;
    for (const auto& field : head.fields) {
        const bool kept = field.kind == FieldKind::other || field.kind == FieldKind::forwarded ||
                          (field.kind == FieldKind::robots && !noindex);
        if (kept && travels(head, field)) append_as_it_was(out, field);
    }
    if (noindex) out.append("X-Robots-Tag: noindex\r\n");
    if (head.status == 101) {
        out.append("Connection: Upgrade\r\nUpgrade: ").append(head.upgrade).append("\r\n\r\n");
        return;
    }
    if (shape.framing == Framing::chunked)
        out.append("Transfer-Encoding: chunked\r\n");
    else if (head.status != 204)
        append_length(out, head);
    if (!shape.keep_alive)
        out.append("Connection: close\r\n");
    else if (shape.client_is_old)
        out.append("Connection: keep-alive\r\n");
    out.append("\r\n");
}

}  // namespace ramet::net
