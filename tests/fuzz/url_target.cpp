#include "target.hpp"

#include "net/address.hpp"
#include "net/host.hpp"
#include "net/reachable.hpp"
#include "net/url.hpp"

#include <arpa/inet.h>

#include <algorithm>

namespace ramet::fuzz {

namespace {

using namespace net;

void check_percent(std::string_view input)
{
    const auto decoded = decode_percent(input);
    if (decoded) {
        require(!decoded->contains('\0') || input.contains('\0'), "an escape hid a NUL");
        require(decode_percent(encode_percent(*decoded)) == *decoded || input.contains('\0'),
                "what was encoded decodes to another text");
    }
    const auto encoded = encode_percent(input);
    require(encoded.find_first_of("/?#&= \r\n") == std::string::npos, "an encoded text has a separator");
}

void check_parts(std::string_view input)
{
    if (const auto query = parse_query(input)) {
        std::string written;
        for (const auto& [name, value] : *query) written += "&" + encode_percent(name) + "=" + encode_percent(value);
        require(input.contains('\0') || parse_query(written) == *query, "a query reads differently when it is written");
    }
    const auto segments = parse_path(input);
    if (!segments) return;
    std::string written;
    for (const auto& segment : *segments) written += "/" + encode_percent(segment);
    // Empty parts at the ends are dropped with their slashes.
    const bool has_edges = !segments->empty() && (segments->front().empty() || segments->back().empty());
    require(has_edges || input.contains('\0') || parse_path(written) == *segments,
            "a path reads differently when it is written");
}

void check_host_field(std::string_view input)
{
    std::string host;
    if (!normalise_host(input, host)) return;
    require(!host.empty() && host.size() <= 256, "a host of {} bytes", host.size());
    require(
        std::ranges::none_of(host, [](char c) { return c <= ' ' || (c >= 'A' && c <= 'Z') || c == '/' || c == '@'; }),
        "the host {}", host);
    std::string again;
    require(normalise_host(host, again) && again == host, "the host {} becomes {}", host, again);
}

/// Names would be looked up: only what is an address by itself, in whatever spelling.
bool has_numeric_host(std::string_view input)
{
    const auto start = input.find("://");
    if (start == std::string_view::npos || input.contains('\0')) return false;
    auto host = std::string(input.substr(start + 3));
    host = host.substr(0, host.find_first_of("/?#"));
    host = host.substr(host.rfind('@') + 1);
    in6_addr v6{};
    if (host.starts_with('[')) return ::inet_pton(AF_INET6, host.substr(1, host.find(']') - 1).c_str(), &v6) == 1;
    in_addr v4{};
    return ::inet_aton(host.substr(0, host.find(':')).c_str(), &v4) == 1;
}

void check_egress(std::string_view input)
{
    if (!has_numeric_host(input)) return;
    const auto reachable = check_reachable(input, AddressPolicy::public_only);
    if (!reachable) return;
    for (const std::string_view inner :
         {"127.", "10.", "169.254.", "192.168.", "0.", "::1", "fe80:", "fd", "::ffff:127."})
        for (const auto& address : reachable->addresses)
            require(!address.starts_with(inner), "{} leads to {}", input, address);
}

void run(std::string_view input)
{
    check_percent(input);
    check_parts(input);
    check_host_field(input);
    check_egress(input);
}

std::vector<std::string> seeds()
{
    return {"/a/b%2Fc/d",
            "a=1&b=x+y&c=%26",
            "web-pr-42.localhost:8080",
            "[::1]:80",
            "http://127.0.0.1/",
            "http://8.8.8.8:80/a",
            "http://[::ffff:127.0.0.1]:1/x",
            "http://0251.0376.0251.0376/",
            "http://2852039166/x",
            "http://[64:ff9b::a9fe:a9fe]/",
            "/api/v1/projects/%E2%82%AC?x=y"};
}

}  // namespace

const Target& url_target()
{
    static const Target target{"url",
                               seeds,
                               {"%", "%00", "%2", "%2f", "+", "&", "=", "//", "[", "]", ":", "@", "http://", "0x7f",
                                "0177.", "::ffff:", "..", "."},
                               run};
    return target;
}

}  // namespace ramet::fuzz
