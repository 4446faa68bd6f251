#pragma once

#include "base/json.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace ramet::cli {

enum class Format : unsigned char { table, wide, json, yaml, name };
Result<Format> parse_format(std::string_view word);

/// One column of a list: its title and how to read it from an element ("services.0.name" is not needed: plain keys only).
struct Column {
    std::string title;
    std::string key;
    enum class Width : unsigned char { narrow, wide } shown_from = Width::narrow;
};

/// Standard output carries data in the format that was asked for; lists as aligned columns, objects as "key: value" lines.
std::string format_list(const Json& list, const std::vector<Column>& columns, Format format);
std::string format_object(const Json& object, const std::vector<Column>& fields, Format format);
std::string to_yaml(const Json& value);

/// One cell: strings as they are, null as "–", lists joined by commas.
std::string cell_text(const Json& value);

}  // namespace ramet::cli
