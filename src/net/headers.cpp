#include "net/headers.hpp"

#include <algorithm>

namespace ramet::net {

namespace {

char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
}

bool is_token_character(char c)
{
    const bool alphanumeric = (c >= '0' && c <= '9') || (lower(c) >= 'a' && lower(c) <= 'z');
    return alphanumeric || std::string_view("!#$%&'*+-.^_`|~").contains(c);
}

}  // namespace

bool equals_ignoring_case(std::string_view a, std::string_view b)
{
    return std::ranges::equal(a, b, [](char x, char y) { return lower(x) == lower(y); });
}

const std::string* Headers::find(std::string_view name) const
{
    const auto found =
        std::ranges::find_if(fields_, [&](const Field& field) { return equals_ignoring_case(field.name, name); });
    return found == fields_.end() ? nullptr : &found->value;
}

std::string_view Headers::get(std::string_view name, std::string_view fallback) const
{
    const auto* value = find(name);
    return value ? std::string_view(*value) : fallback;
}

void Headers::add(std::string_view name, std::string_view value)
{
    fields_.push_back({std::string(name), std::string(value)});
}

void Headers::set(std::string_view name, std::string_view value)
{
    remove(name);
    add(name, value);
}

void Headers::remove(std::string_view name)
{
    std::erase_if(fields_, [&](const Field& field) { return equals_ignoring_case(field.name, name); });
}

bool is_valid_field(std::string_view name, std::string_view value)
{
    const auto breaks_the_line = [](char c) { return c == '\r' || c == '\n' || c == '\0'; };
    return !name.empty() && std::ranges::all_of(name, is_token_character) &&
           std::ranges::none_of(value, breaks_the_line);
}

}  // namespace ramet::net
