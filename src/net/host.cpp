#include "net/host.hpp"

#include <algorithm>

namespace ramet::net {

namespace {

constexpr std::size_t longest_name = 253;

bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}
bool is_name_character(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'z') || c == '-' || c == '_' || c == '.';
}
bool is_v6_character(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'f') || c == ':' || c == '.';
}

/// What follows the host: nothing, or ":" and digits.
bool is_port(std::string_view text)
{
    if (text.empty()) return true;
    return text.front() == ':' && text.size() <= 6 && std::ranges::all_of(text.substr(1), is_digit);
}

}  // namespace

bool normalise_host(std::string_view field, std::string& host)
{
    const bool is_v6 = field.starts_with('[');
    const auto bracket = is_v6 ? field.find(']') : std::string_view::npos;
    if (is_v6 && bracket == std::string_view::npos) return false;
    const auto end = is_v6 ? bracket + 1 : std::min(field.find(':'), field.size());
    if (!is_port(field.substr(end))) return false;
    auto name = field.substr(0, end);
    if (!is_v6 && name.ends_with('.')) name.remove_suffix(1);
    if (name.empty() || name.size() > longest_name) return false;
    host.assign(name);
    for (char& c : host)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + ('a' - 'A'));
    if (is_v6) return host.size() > 3 && std::all_of(host.begin() + 1, host.end() - 1, is_v6_character);
    return host.front() != '.' && !host.ends_with('.') && !host.contains("..") &&
           std::ranges::all_of(host, is_name_character);
}

}  // namespace ramet::net
