#include "base/mounts.hpp"

#include "base/text.hpp"

#include <vector>

namespace ramet {
namespace {

bool is_octal(char character)
{
    return character >= '0' && character <= '7';
}

/// The kernel writes space, tab, new line and backslash as three octal digits: "\040".
std::string unescaped(std::string_view field)
{
    std::string text;
    while (!field.empty()) {
        if (field.size() >= 4 && field[0] == '\\' && is_octal(field[1]) && is_octal(field[2]) && is_octal(field[3])) {
            text += static_cast<char>((field[1] - '0') * 64 + (field[2] - '0') * 8 + (field[3] - '0'));
            field.remove_prefix(4);
        } else {
            text += field.front();
            field.remove_prefix(1);
        }
    }
    return text;
}

}  // namespace

std::string find_mount_beneath(std::string_view mountinfo, std::string_view path)
{
    constexpr std::size_t mount_point = 4;  // proc(5): id, parent, device, root, mount point, …
    const auto folder = std::string(path) + "/";
    for (const auto& line : split(mountinfo, '\n')) {
        const auto fields = split(line, ' ');
        if (fields.size() <= mount_point) continue;
        auto place = unescaped(fields[mount_point]);
        if (place == path || place.starts_with(folder)) return place;
    }
    return {};
}

}  // namespace ramet
