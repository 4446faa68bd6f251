#include "forges/file_json.hpp"

#include <algorithm>

namespace ramet::forges {

namespace {

bool is_directory_listing(const Json& answer)
{
    return answer.is_array() && !answer.as_array().empty() &&
           std::ranges::all_of(answer.as_array(),
                               [](const Json& entry) { return get_member(entry, "type").is_string(); });
}

}  // namespace

Result<std::string> read_file_content(const Json& answer, std::string_view path)
{
    if (is_directory_listing(answer)) return fail(ErrorKind::invalid, "{} is a directory, not a file", path);
    if (get_string(answer, "type") != "file" || get_string(answer, "encoding") != "base64" ||
        !get_member(answer, "content").is_string())
        return fail(ErrorKind::unavailable, "the Git host's answer for {} is no file", path);
    auto content = decode_base64(get_string(answer, "content"));
    if (!content) return fail(ErrorKind::unavailable, "the Git host's content of {} is broken base64", path);
    return std::move(*content);
}

std::optional<std::string> decode_base64(std::string_view text)
{
    constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string decoded;
    std::uint32_t bits = 0;
    std::size_t digits = 0;
    std::size_t padding = 0;
    for (const char c : text) {
        if (c == '\n' || c == '\r') continue;
        const auto value = alphabet.find(c);
        if (c == '=')
            ++padding;
        else if (value == std::string_view::npos || padding > 0)
            return std::nullopt;
        bits = bits << 6U | (c == '=' ? 0U : static_cast<std::uint32_t>(value));
        if (++digits % 4 != 0) continue;
        for (const unsigned shift : {16U, 8U, 0U}) decoded += static_cast<char>(bits >> shift & 0xFFU);
    }
    if (digits % 4 != 0 || padding > 2) return std::nullopt;
    decoded.erase(decoded.size() - std::min(padding, decoded.size()));
    return decoded;
}

}  // namespace ramet::forges
