#include "domain/names.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <array>

namespace ramet {
namespace {

bool is_lower(char c)
{
    return c >= 'a' && c <= 'z';
}
bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}
bool is_letter(char c)
{
    return is_lower(c) || (c >= 'A' && c <= 'Z');
}
bool is_control(char c)
{
    return static_cast<unsigned char>(c) < 0x20 || c == 0x7F;
}

constexpr std::size_t longest_name = 40;
constexpr std::size_t longest_branch = 244;  // "refs/heads/" and it are a file's name

// What these change is the program that runs, not its configuration.
constexpr std::array<std::string_view, 4> loader_variables = {"GCONV_PATH", "BASH_ENV", "ENV", "IFS"};
constexpr std::array<std::string_view, 2> set_by_ramet = {"HOST", "PORT"};

/// A name from outside, made fit to be shown in a message.
std::string shown(std::string_view text)
{
    std::string result;
    for (const char c : text.substr(0, 80)) result += is_control(c) ? '?' : c;
    return result + (text.size() > 80 ? "…" : "");
}

bool has_control(std::string_view text)
{
    return std::ranges::any_of(text, is_control);
}

}  // namespace

Result<void> check_name(std::string_view name)
{
    const auto is_allowed = [](char c) { return is_lower(c) || is_digit(c) || c == '-'; };
    if (!name.empty() && name.size() <= longest_name && is_lower(name.front()) && !name.ends_with('-') &&
        std::ranges::all_of(name, is_allowed))
        return {};
    return fail(ErrorKind::invalid,
                "'{}' cannot be a name: lower-case letters, digits and dashes, a letter first, at most {} characters",
                shown(name), longest_name);
}

Result<void> check_secret_name(std::string_view name)
{
    const auto is_allowed = [](char c) { return is_letter(c) || is_digit(c) || c == '.' || c == '-' || c == '_'; };
    if (!name.empty() && name.size() <= 128 && name.front() != '-' && name.front() != '.' &&
        std::ranges::all_of(name, is_allowed))
        return {};
    return fail(ErrorKind::invalid,
                "'{}' cannot be the name of a secret: letters, digits, '.', '-' and '_', at most 128 characters",
                shown(name));
}

Result<void> check_variable_name(std::string_view name)
{
    const auto is_allowed = [](char c) { return is_letter(c) || is_digit(c) || c == '_'; };
    if (name.empty() || name.size() > 256 || is_digit(name.front()) || !std::ranges::all_of(name, is_allowed))
        return fail(ErrorKind::invalid, "'{}' cannot be the name of a variable: it must match [A-Za-z_][A-Za-z0-9_]*",
                    shown(name));
    if (name.starts_with("LD_") || std::ranges::count(loader_variables, name) > 0)
        return fail(ErrorKind::invalid, "'{}' cannot be set: it changes which code a program loads", name);
    if (name.starts_with("RAMET_") || std::ranges::count(set_by_ramet, name) > 0)
        return fail(ErrorKind::invalid, "'{}' is reserved: Ramet sets it itself", name);
    return {};
}

Result<void> check_argument(std::string_view text)
{
    if (text.empty()) return fail(ErrorKind::invalid, "must not be empty");
    if (text.front() == '-')
        return fail(ErrorKind::invalid, "'{}' must not start with '-': programs would take it for an option",
                    shown(text));
    if (has_control(text))
        return fail(ErrorKind::invalid, "'{}' must not hold a newline or control character", shown(text));
    return {};
}

Result<void> check_branch(std::string_view name)
{
    TRY(check_argument(name));
    // What `git check-ref-format` refuses: ':' would write another ref, '*' would name many.
    const bool has_odd_character = name.find_first_of(" ~^:?*[\\") != std::string_view::npos;
    const bool has_odd_pair = name.contains("..") || name.contains("@{") || name.contains("//");
    bool has_odd_part = name.ends_with('.') || name.ends_with('/') || name.starts_with('/') || name == "@";
    for (const auto& part : split(name, '/')) has_odd_part |= part.starts_with('.') || part.ends_with(".lock");
    if (!has_odd_character && !has_odd_pair && !has_odd_part && name.size() <= longest_branch) return {};
    return fail(ErrorKind::invalid, "'{}' cannot be the name of a branch", shown(name));
}

Result<void> check_host(std::string_view host)
{
    const auto is_allowed = [](char c) {
        return is_letter(c) || is_digit(c) || c == '-' || c == '.' || c == '_' || c == '*' || c == ':' || c == '[' ||
               c == ']';
    };
    if (has_control(host)) return fail(ErrorKind::invalid, "the host '{}' holds a control character", shown(host));
    if (host.empty() || host.size() > 253 || host.front() == '-' || !std::ranges::all_of(host, is_allowed))
        return fail(ErrorKind::invalid, "'{}' is not a host name", shown(host));
    for (const auto& label : split(host, '.'))
        if (label.empty() || label.size() > 63)
            return fail(ErrorKind::invalid, "'{}' is not a host name: its parts must have 1 to 63 characters",
                        shown(host));
    return {};
}

Result<void> check_repository_address(std::string_view address)
{
    TRY(check_argument(address));
    for (const std::string_view start : {"http://", "https://", "ssh://", "/"})
        if (address.starts_with(start)) return {};
    return fail(ErrorKind::invalid,
                "'{}' is no address of a repository: it begins with http://, https:// or ssh://, or is a whole path",
                shown(address));
}

Result<void> check_url(std::string_view url)
{
    TRY(check_argument(url));
    const auto lower = to_lower(url);
    for (const std::string_view scheme : {"file:", "ext::", "javascript:", "data:", "fd::"})
        if (lower.starts_with(scheme))
            return fail(ErrorKind::invalid, "'{}' is refused: addresses with '{}' are not allowed", shown(url), scheme);
    return {};
}

}  // namespace ramet
