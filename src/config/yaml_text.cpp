#include "config/yaml_text.hpp"

namespace ramet::config {
namespace {

constexpr std::size_t largest_file = 1U << 20U;
// The scanner of yaml-cpp looks back over one line for the start of a key, so one endless line would cost quadratic time.
constexpr std::size_t longest_line = 16'384;

/// Length of the UTF-8 sequence at the front of `rest`, or 0 when there is none.
std::size_t sequence_length(std::string_view rest)
{
    const auto first = static_cast<unsigned char>(rest.front());
    const std::size_t length = first < 0x80                    ? 1
                               : first >= 0xC2 && first < 0xE0 ? 2
                               : (first & 0xF0U) == 0xE0U      ? 3
                               : first >= 0xF0 && first < 0xF5 ? 4
                                                               : 0;
    if (length == 0 || rest.size() < length) return 0;
    for (std::size_t i = 1; i < length; ++i)
        if ((static_cast<unsigned char>(rest[i]) & 0xC0U) != 0x80U) return 0;
    // Written longer than need be, one half of a pair, or beyond the last character (RFC 3629).
    const auto second = length == 1 ? 0U : static_cast<unsigned>(static_cast<unsigned char>(rest[1]));
    const bool is_odd = (first == 0xE0 && second < 0xA0) || (first == 0xED && second >= 0xA0) ||
                        (first == 0xF0 && second < 0x90) || (first == 0xF4 && second >= 0x90);
    return is_odd ? 0 : length;
}

bool is_forbidden_control(char c)
{
    const auto byte = static_cast<unsigned char>(c);
    return (byte < 0x20 && c != '\n' && c != '\r' && c != '\t') || byte == 0x7F;
}

Error error_at(std::string_view file_name, Mark mark, std::string message)
{
    return Error{.kind = ErrorKind::invalid, .message = std::move(message), .where = place(file_name, mark)};
}

}  // namespace

std::optional<Error> check_text(std::string_view text, std::string_view file_name)
{
    if (text.size() > largest_file)
        return error_at(file_name, {},
                        fmt::format("the file has {} bytes; at most {} are read", text.size(), largest_file));
    Mark mark;
    std::size_t line_start = 0;
    for (std::size_t at = 0; at < text.size();) {
        const auto length = sequence_length(text.substr(at));
        if (length == 0) return error_at(file_name, mark, "this byte is not UTF-8");
        if (is_forbidden_control(text[at])) return error_at(file_name, mark, "control characters are not allowed here");
        if (at - line_start > longest_line)
            return error_at(file_name, mark, fmt::format("the line is longer than {} bytes", longest_line));
        at += length;
        ++mark.column;
        if (text[at - 1] == '\n') {
            mark = {mark.line + 1, 1};
            line_start = at;
        }
    }
    return std::nullopt;
}

}  // namespace ramet::config
