#include "config/places.hpp"

#include <algorithm>

namespace ramet::config {

Provenance place_of(const ProjectFile& file, std::string_view path)
{
    while (!path.empty()) {
        const auto used = std::ranges::find(file.used_keys, path, &UnservedKey::path);
        if (used != file.used_keys.end()) return used->where;
        const auto dot = path.rfind('.');
        path = dot == std::string_view::npos ? std::string_view() : path.substr(0, dot);
    }
    const auto name = file.used_keys.empty() ? std::string("ramet.yaml") : file.used_keys.front().where.file;
    return {.file = name, .line = 1, .column = 1};
}

std::string to_string(const Provenance& where)
{
    if (!where.set_by.empty()) return "set by " + where.set_by;
    return fmt::format("{}:{}:{}", where.file, where.line, where.column);
}

Error error_at(const ProjectFile& file, std::string_view path, std::string message)
{
    return {.kind = ErrorKind::invalid,
            .message = fmt::format("{}: {}", path, message),
            .where = to_string(place_of(file, path))};
}

}  // namespace ramet::config
