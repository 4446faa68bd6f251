#include "cli/output.hpp"

#include "base/text.hpp"

#include "cli/width.hpp"

#include <algorithm>
#include <cctype>

namespace ramet::cli {

namespace {

std::string padded(const std::string& text, std::size_t width)
{
    const auto own = display_width(text);
    return own >= width ? text : text + std::string(width - own, ' ');
}

std::vector<Column> shown(const std::vector<Column>& columns, Format format)
{
    std::vector<Column> kept;
    for (const auto& column : columns)
        if (format == Format::wide || column.shown_from == Column::Width::narrow) kept.push_back(column);
    return kept;
}

std::string format_table(const json::array& list, const std::vector<Column>& columns)
{
    std::vector<std::vector<std::string>> rows(1);
    for (const auto& column : columns) rows.front().push_back(column.title);
    for (const auto& element : list) {
        auto& row = rows.emplace_back();
        for (const auto& column : columns) row.push_back(cell_text(get_member(element, column.key)));
    }
    std::vector<std::size_t> widths(columns.size(), 0);
    for (const auto& row : rows)
        for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], display_width(row[i]));
    std::string text;
    for (const auto& row : rows) {
        std::string line;
        for (std::size_t i = 0; i < row.size(); ++i) line += padded(row[i], widths[i] + 2);
        line.erase(line.find_last_not_of(' ') + 1);
        text += line + "\n";
    }
    return text;
}

std::string name_of(const Json& object)
{
    for (const std::string_view key : {"name", "environment", "id"})
        if (get_member(object, key).is_string()) return get_string(object, key);
    return to_text(object);
}

std::string names_of(const json::array& list)
{
    std::string text;
    for (const auto& element : list) {
        const auto name = get_string(element, "name");
        text += (name.empty() ? cell_text(get_member(element, "id")) : name) + "\n";
    }
    return text;
}

// Whatever could be read as something else than a text is quoted.
std::string yaml_key(std::string_view key)
{
    constexpr std::string_view plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-/.";
    constexpr std::string_view words[] = {"null", "true", "false", "yes", "no", "on", "off", "y", "n"};
    const bool begins_plainly = !key.empty() && std::isalpha(static_cast<unsigned char>(key.front())) != 0;
    const bool is_plain = begins_plainly && key.find_first_not_of(plain) == std::string_view::npos &&
                          std::ranges::find(words, to_lower(key)) == std::end(words);
    return is_plain ? std::string(key) : to_text(Json(key));
}

void write_yaml(const Json& value, std::size_t indent, std::string& out)
{
    const std::string margin(indent, ' ');
    if (value.is_object() && !value.as_object().empty()) {
        for (const auto& [key, member] : value.as_object()) {
            const bool is_block = (member.is_object() && !member.as_object().empty()) ||
                                  (member.is_array() && !member.as_array().empty());
            out += margin + yaml_key(key) + ":" + (is_block ? "\n" : " ");
            write_yaml(member, is_block ? indent + 2 : 0, out);
        }
    } else if (value.is_array() && !value.as_array().empty()) {
        for (const auto& element : value.as_array()) {
            std::string nested;
            write_yaml(element, indent + 2, nested);
            const bool is_block = (element.is_object() && !element.as_object().empty()) ||
                                  (element.is_array() && !element.as_array().empty());
            out += margin + "- " + (is_block ? nested.substr(indent + 2) : nested);
        }
    } else {
        out += to_text(value) + "\n";  // A JSON scalar is a YAML scalar.
    }
}

/// An element of a list within a cell: its name, and how it is.
std::string summary_of(const Json& element)
{
    auto text = printable(name_of(element));
    for (const std::string_view key : {"state", "method"})
        if (const auto word = get_string(element, key); !word.empty()) text += " (" + printable(word) + ")";
    return text;
}

}  // namespace

Result<Format> parse_format(std::string_view word)
{
    constexpr std::pair<std::string_view, Format> formats[] = {{"", Format::table},    {"table", Format::table},
                                                               {"wide", Format::wide}, {"json", Format::json},
                                                               {"yaml", Format::yaml}, {"name", Format::name}};
    for (const auto& [name, format] : formats)
        if (name == word) return format;
    return fail(ErrorKind::invalid, "-o takes table, wide, json, yaml or name, not \"{}\"", word);
}

std::string cell_text(const Json& value)
{
    if (value.is_null()) return "–";
    if (value.is_string()) return value.as_string().empty() ? "–" : printable(value.as_string());
    if (value.is_array()) {
        std::vector<std::string> parts;
        for (const auto& element : value.as_array())
            parts.push_back(element.is_object() ? summary_of(element) : cell_text(element));
        return parts.empty() ? "–" : join(parts, ", ");
    }
    if (value.is_object()) {
        std::vector<std::string> parts;
        for (const auto& [key, member] : value.as_object()) parts.push_back(std::string(key) + "=" + cell_text(member));
        return parts.empty() ? "–" : join(parts, ", ");
    }
    return to_text(value);
}

std::string to_yaml(const Json& value)
{
    std::string text;
    write_yaml(value, 0, text);
    return text;
}

std::string format_list(const Json& list, const std::vector<Column>& columns, Format format)
{
    if (format == Format::json) return to_text(list) + "\n";
    if (format == Format::yaml) return to_yaml(list);
    if (!list.is_array()) return {};
    if (format == Format::name) return names_of(list.as_array());
    return format_table(list.as_array(), shown(columns, format));
}

std::string format_object(const Json& object, const std::vector<Column>& fields, Format format)
{
    if (format == Format::json) return to_text(object) + "\n";
    if (format == Format::yaml) return to_yaml(object);
    if (format == Format::name) return names_of(json::array{object});
    const auto kept = shown(fields, format);
    std::size_t width = 0;
    for (const auto& field : kept) width = std::max(width, display_width(field.title));
    std::string text;
    for (const auto& field : kept)
        text += padded(field.title, width + 2) + cell_text(get_member(object, field.key)) + "\n";
    return text;
}

}  // namespace ramet::cli
