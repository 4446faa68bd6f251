#include "failpoints/orders.hpp"

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <charconv>

namespace ramet::failpoints {
namespace {

struct NamedErrno {
    std::string_view word;
    int number;
};
constexpr NamedErrno known[] = {{"EACCES", EACCES},
                                {"EAGAIN", EAGAIN},
                                {"ECONNREFUSED", ECONNREFUSED},
                                {"ECONNRESET", ECONNRESET},
                                {"EIO", EIO},
                                {"EMFILE", EMFILE},
                                {"ENOBUFS", ENOBUFS},
                                {"ENOLCK", ENOLCK},
                                {"ENOMEM", ENOMEM},
                                {"ENOSPC", ENOSPC},
                                {"EPERM", EPERM},
                                {"EPIPE", EPIPE},
                                {"EROFS", EROFS},
                                {"ETIMEDOUT", ETIMEDOUT}};

/// The first word of `text`, which then begins behind it.
std::string_view take_word(std::string_view& text)
{
    const auto end = std::min(text.find(' '), text.size());
    const auto word = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    return word;
}

std::optional<int> parse_number(std::string_view word)
{
    int number = 0;
    const auto [rest, problem] = std::from_chars(word.data(), word.data() + word.size(), number);
    return problem == std::errc() && rest == word.data() + word.size() ? std::optional(number) : std::nullopt;
}

std::optional<Orders::Fault> parse_fault(std::string_view text)
{
    const int error = parse_errno(take_word(text));
    const auto which = take_word(text);
    const auto number = which == "always" ? std::optional(0) : parse_number(which);
    if (error == 0 || !number || text.find("() ") == std::string_view::npos || (*number < 1 && which != "always"))
        return std::nullopt;
    return Orders::Fault{error, *number, std::string(text)};
}

bool obey(Orders& orders, std::string_view line)
{
    const auto verb = take_word(line);
    if (line.empty()) return false;
    if (verb == "log")
        orders.log = line;
    else if (verb == "operations")
        orders.operations = line;
    else if (verb == "fired")
        orders.fired = line;
    else if (verb == "root")
        orders.root = line;
    else if (verb == "kill")
        orders.kill = line;
    else if (verb == "lose")
        orders.lose = line;
    else if (const auto seconds = parse_number(line); verb == "clock" && seconds)
        orders.clock = std::chrono::seconds(*seconds);
    else if (auto fault = parse_fault(line); verb == "fail" && fault)
        orders.faults.push_back(std::move(*fault));
    else
        return false;
    return true;
}

bool is_random(std::string_view part)
{
    constexpr std::size_t shortest = 6;
    bool has_digit = false;
    bool has_letter = false;
    for (const char character : part) {
        has_digit = has_digit || std::isdigit(static_cast<unsigned char>(character)) != 0;
        has_letter = has_letter || std::isalpha(static_cast<unsigned char>(character)) != 0;
    }
    return has_digit && (!has_letter || part.size() >= shortest);
}

/// A component of a path: "web-3f9a01bc" is "web-*".
std::string name_component(std::string_view component)
{
    constexpr std::string_view between = "-._@:";
    std::string name;
    for (std::size_t at = 0; at < component.size();) {
        const auto end = std::min(component.find_first_of(between, at), component.size());
        const auto part = component.substr(at, end - at);
        name += is_random(part) ? "*" : part;
        if (end < component.size()) name += component[end];
        at = end + 1;
    }
    return name;
}

/// In these lie trees of others (a database, a repository), which have names without end.
bool is_of_others(std::string_view folder)
{
    return folder == "data" || folder == "objects" || folder == "tree";
}

std::string name_path(std::string_view path)
{
    constexpr int deepest = 5;
    std::string name;
    bool is_inside = false;
    for (int depth = 0; !path.empty(); ++depth) {
        if (depth == deepest || is_inside) return name + "/…";
        const auto end = std::min(path.find('/'), path.size());
        if (depth > 0) name += "/";
        name += name_component(path.substr(0, end));
        is_inside = is_of_others(path.substr(0, end));
        path.remove_prefix(std::min(end + 1, path.size()));
    }
    return name;
}

}  // namespace

bool Orders::concern(std::string_view call) const
{
    if (!operations.empty()) return true;
    const auto name = std::string(call) + "() ";
    // No other place has brackets in its name.
    if (kill.find(" " + name) != std::string::npos) return true;
    return std::ranges::any_of(faults, [&](const Fault& fault) { return fault.name.starts_with(name); });
}

std::optional<Orders> parse_orders(std::string_view text)
{
    Orders orders;
    while (!text.empty()) {
        const auto end = std::min(text.find('\n'), text.size());
        const auto line = text.substr(0, end);
        if (!line.empty() && !obey(orders, line)) return std::nullopt;
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return orders;
}

std::string name_call(std::string_view call, std::string_view path, std::string_view root)
{
    std::string name(call);
    name += "() ";
    const bool is_below =
        !root.empty() && path.starts_with(root) && (path.size() == root.size() || path[root.size()] == '/');
    if (is_below && path.size() == root.size()) return name + ".";
    if (is_below) return name + name_path(path.substr(root.size() + 1));
    if (!path.starts_with('/')) return name + std::string(path);
    // Somebody else's: which of them it is tells enough.
    const auto end = path.find('/', 1);
    return name + std::string(path.substr(0, end));
}

int parse_errno(std::string_view word)
{
    for (const auto& [name, number] : known)
        if (name == word) return number;
    return 0;
}

}  // namespace ramet::failpoints
