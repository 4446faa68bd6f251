#include "net/url.hpp"

#include "base/text.hpp"

#include <algorithm>

namespace ramet::net {

namespace {

int hex_digit(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

bool is_unreserved(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           std::string_view("-._~").contains(c);
}

std::optional<std::string> decode_form(std::string_view text)
{
    std::string spaced(text);
    std::ranges::replace(spaced, '+', ' ');
    return decode_percent(spaced);
}

}  // namespace

std::optional<std::string> decode_percent(std::string_view text)
{
    std::string decoded;
    decoded.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '%') {
            decoded.push_back(text[i]);
            continue;
        }
        const int high = i + 2 < text.size() ? hex_digit(text[i + 1]) : -1;
        const int low = i + 2 < text.size() ? hex_digit(text[i + 2]) : -1;
        if (high < 0 || low < 0 || high + low == 0) return std::nullopt;
        decoded.push_back(static_cast<char>(high << 4 | low));
        i += 2;
    }
    return decoded;
}

std::string encode_percent(std::string_view text)
{
    constexpr std::string_view digits = "0123456789ABCDEF";
    std::string encoded;
    for (const char c : text) {
        if (is_unreserved(c)) {
            encoded.push_back(c);
            continue;
        }
        const auto byte = static_cast<unsigned char>(c);
        encoded += {'%', digits[byte >> 4U], digits[byte & 15U]};
    }
    return encoded;
}

std::optional<QueryParameters> parse_query(std::string_view text)
{
    QueryParameters parameters;
    for (const auto& part : split(text, '&')) {
        if (part.empty()) continue;
        const auto equals = part.find('=');
        auto name = decode_form(std::string_view(part).substr(0, equals));
        auto value =
            decode_form(equals == std::string::npos ? std::string_view() : std::string_view(part).substr(equals + 1));
        if (!name || !value) return std::nullopt;
        parameters.emplace_back(std::move(*name), std::move(*value));
    }
    return parameters;
}

std::optional<std::vector<std::string>> parse_path(std::string_view path)
{
    if (path.starts_with('/')) path.remove_prefix(1);
    if (path.ends_with('/')) path.remove_suffix(1);
    std::vector<std::string> segments;
    if (path.empty()) return segments;
    for (const auto& part : split(path, '/')) {
        auto segment = decode_percent(part);
        if (!segment) return std::nullopt;
        segments.push_back(std::move(*segment));
    }
    return segments;
}

}  // namespace ramet::net
