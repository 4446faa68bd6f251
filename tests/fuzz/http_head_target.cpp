#include "target.hpp"

#include "net/forward_head.hpp"
#include "net/headers.hpp"
#include "net/http_head.hpp"

#include <algorithm>

namespace ramet::fuzz {

namespace {

using namespace net;

bool has_line_break(std::string_view text)
{
    return text.find_first_of(std::string_view("\r\n\0", 3)) != std::string_view::npos;
}

void check_common(const MessageHead& head, std::string_view input)
{
    require(head.size <= input.size(), "a head of {} bytes in {}", head.size, input.size());
    require(!(head.chunked && head.content_length), "both a length and chunks");
    for (const auto& field : head.fields)
        require(!field.name.empty() && !has_line_break(field.name) && !has_line_break(field.value),
                "a line break in a field");
}

/// It makes no difference in which pieces a head arrives.
template <typename Head, typename Parse>
HeadState parse_in_pieces(std::string_view input, Head& head, Parse parse)
{
    std::size_t scanned = 0;
    const auto whole = parse(input, scanned, head);
    const auto size = head.size;
    if (whole.state != HeadState::complete) head = {};
    Head piecewise;
    std::size_t pieces_scanned = 0;
    HeadResult result;
    for (std::size_t end = 0; end <= input.size() && result.state == HeadState::incomplete; end = end + 1 + end / 8)
        result = parse(input.substr(0, end), pieces_scanned, piecewise);
    if (result.state == HeadState::incomplete) result = parse(input, pieces_scanned, piecewise);
    require(result.state == whole.state, "in pieces it is another answer");
    require(whole.state != HeadState::complete || piecewise.size == size, "in pieces it has another end");
    require(whole.state != HeadState::bad || (whole.status >= 400 && !whole.reason.empty()),
            "refused without a reason");
    return whole.state;
}

/// What the proxy would send on is read by a service as the same one request.
void check_forwarded(const RequestHead& head)
{
    std::string out;
    write_request_head(out, head, {.client_address = "10.1.2.3"});
    RequestHead seen;
    std::size_t scanned = 0;
    // It ends where the proxy puts the framing and the empty line.
    const auto framing = head.chunked ? std::string("Transfer-Encoding: chunked\r\n") : std::string();
    if (!out.ends_with("\r\n\r\n")) out += framing + "\r\n";
    const auto result = parse_request_head(out, scanned, seen);
    require(result.state == HeadState::complete, "what is sent on is no head: {}", result.reason);
    require(seen.size == out.size(), "what is sent on is more than a head");
    require(seen.method == head.method && seen.host == head.host, "what is sent on is another request");
    for (const auto& field : seen.fields)
        require(!head.is_named_by_connection(field.name) || field.kind != FieldKind::other,
                "the field {} was for this hop only", field.name);
}

void run(std::string_view input)
{
    RequestHead request;
    if (parse_in_pieces(input, request, parse_request_head) == HeadState::complete) {
        check_common(request, input);
        require(!request.host.empty() && !has_line_break(request.host), "no host");
        require(std::ranges::count(request.fields, FieldKind::host, &HeadField::kind) == 1, "not one Host");
        require(request.target.starts_with('/') || request.target == "*" || request.target.starts_with('?'),
                "the target {}", request.target);
        if (request.target.starts_with('/')) check_forwarded(request);
    }
    ResponseHead response;
    if (parse_in_pieces(input, response, parse_response_head) == HeadState::complete) {
        check_common(response, input);
        require(response.status >= 100 && response.status <= 999, "the status {}", response.status);
    }
}

std::vector<std::string> seeds()
{
    return {"GET / HTTP/1.1\r\nHost: a.test\r\n\r\n",
            "POST /x?y=z HTTP/1.1\r\nHost: a.test:80\r\nContent-Length: 3\r\nX-A: b\r\n\r\nabc",
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nConnection: close, X-Hop\r\nX-Hop: "
            "1\r\n\r\n0\r\n\r\n",
            "GET http://a.test/x HTTP/1.1\r\nHost: b.test\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
            "OPTIONS * HTTP/1.0\r\nHost: [::1]:1\r\nConnection: keep-alive\r\nX-Forwarded-For: 1.2.3.4\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
            "HTTP/1.1 204\r\n\r\n",
            "HTTP/1.0 301 Moved\r\nLocation: /x\r\nX-Robots-Tag: all\r\n\r\n"};
}

}  // namespace

const Target& http_head_target()
{
    static const Target target{"http_head",
                               seeds,
                               {"\r\n",
                                "\n",
                                "\r",
                                "\r\n\r\n",
                                "\r\n ",
                                ": ",
                                ":",
                                " ",
                                "\t",
                                "HTTP/1.1",
                                "HTTP/1.0",
                                "HTTP/2",
                                "Host: b\r\n",
                                "Content-Length: 4\r\n",
                                "Content-Length: +4\r\n",
                                "Transfer-Encoding: chunked\r\n",
                                "Transfer-Encoding: gzip, chunked\r\n",
                                "Connection: host\r\n",
                                "Connection: content-length\r\n",
                                "http://",
                                "?",
                                "#",
                                "@"},
                               run};
    return target;
}

}  // namespace ramet::fuzz
