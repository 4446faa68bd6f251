#include "base/json.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <vector>

namespace ramet {
namespace {

const Json& null_value()
{
    static const Json null;
    return null;
}

using Member = json::key_value_pair;

std::vector<const Member*> sorted_members(const json::object& object)
{
    std::vector<const Member*> members;
    members.reserve(object.size());
    for (const auto& member : object) members.push_back(&member);
    std::ranges::sort(members, {}, [](const Member* member) { return member->key(); });
    return members;
}

std::string quoted(std::string_view text)
{
    return json::serialize(json::string_view(text.data(), text.size()));
}

bool needs_escape(char character)
{
    return static_cast<unsigned char>(character) < 0x20 || character == '"' || character == '\\';
}

void write_quoted(std::string_view text, std::string& out)
{
    if (std::ranges::any_of(text, needs_escape)) {
        out += quoted(text);
        return;
    }
    out += '"';
    out += text;
    out += '"';
}

enum class Keys : std::uint8_t { as_inserted, sorted };

void write_line(const Json& value, Keys keys, std::string& out);

void write_member(const Member& member, Keys keys, std::string& out)
{
    if (out.back() != '{') out += ',';
    write_quoted(member.key(), out);
    out += ':';
    write_line(member.value(), keys, out);
}

/// The same bytes as Boost's own writer, which takes a fresh start for every scalar.
void write_line(const Json& value, Keys keys, std::string& out)
{
    if (const auto* text = value.if_string()) {
        write_quoted(*text, out);
    } else if (const auto* object = value.if_object()) {
        out += '{';
        if (keys == Keys::sorted)
            for (const auto* member : sorted_members(*object)) write_member(*member, keys, out);
        else
            for (const auto& member : *object) write_member(member, keys, out);
        out += '}';
    } else if (const auto* array = value.if_array()) {
        out += '[';
        for (const auto& element : *array) {
            if (&element != array->data()) out += ',';
            write_line(element, keys, out);
        }
        out += ']';
    } else if (const auto* number = value.if_int64()) {
        out += fmt::format_int(*number).c_str();
    } else if (const auto* flag = value.if_bool()) {
        out += *flag ? "true" : "false";
    } else {
        out += json::serialize(value);
    }
}

std::string to_line(const Json& value, Keys keys)
{
    std::string out;
    write_line(value, keys, out);
    return out;
}

struct PrettyWriter {
    std::string out;
    std::size_t depth = 0;

    void new_line() { out += '\n' + std::string(depth * 2, ' '); }

    template <typename Range, typename WriteElement>
    void write_block(char open, char close, const Range& range, const WriteElement& write_element)
    {
        out += open;
        ++depth;
        bool first = true;
        for (const auto& element : range) {
            if (!first) out += ',';
            first = false;
            new_line();
            write_element(element);
        }
        --depth;
        if (!first) new_line();
        out += close;
    }

    void write(const Json& value)
    {
        if (const auto* array = value.if_array()) {
            write_block('[', ']', *array, [this](const Json& element) { write(element); });
        } else if (const auto* object = value.if_object()) {
            write_block('{', '}', *object, [this](const Member& member) {
                out += quoted(member.key()) + ": ";
                write(member.value());
            });
        } else if (const auto* number = value.if_double()) {
            out += fmt::format("{}", *number);  // Boost would write 1.5 as 1.5E0.
        } else {
            out += json::serialize(value);
        }
    }
};

std::string_view kind_name(const Json& value)
{
    const auto name = json::to_string(value.kind());
    return {name.data(), name.size()};
}

std::unexpected<Error> ill_typed(std::string_view key, std::string_view wanted, const Json& found)
{
    auto error = Error{ErrorKind::invalid, fmt::format("'{}' must be {}, not {}", key, wanted, kind_name(found))};
    if (found.is_null()) error.message = fmt::format("'{}' is missing: {} is needed", key, wanted);
    error.where = fmt::format("/{}", key);
    return std::unexpected(std::move(error));
}

/// Boost reads 1e400 as infinity and writes that as what it cannot read again.
bool is_finite(const Json& value)
{
    if (const auto* number = value.if_double()) return std::isfinite(*number);
    if (const auto* array = value.if_array()) return std::ranges::all_of(*array, is_finite);
    if (const auto* object = value.if_object())
        return std::ranges::all_of(*object, [](const Member& member) { return is_finite(member.value()); });
    return true;
}

std::optional<std::int64_t> as_int(const Json& value)
{
    if (!value.is_number()) return std::nullopt;
    boost::system::error_code error;
    const auto number = value.to_number<std::int64_t>(error);
    if (error) return std::nullopt;
    return number;
}

}  // namespace

Result<Json> parse_json(std::string_view text)
{
    json::parse_options options;
    options.max_depth = 64;
    json::stream_parser parser({}, options);
    boost::system::error_code error;
    const auto offset = parser.write_some(text.data(), text.size(), error);
    if (!error && offset < text.size()) error = json::error::extra_data;
    if (!error) parser.finish(error);
    if (!error) {
        auto value = parser.release();
        if (is_finite(value)) return value;
        return fail(ErrorKind::invalid, "not JSON that can be kept: a number in it is out of range");
    }
    return fail(ErrorKind::invalid, "not JSON: {} at byte {}", error.message(), offset);
}

std::string to_text(const Json& value)
{
    return to_line(value, Keys::as_inserted);
}

std::string to_canonical_text(const Json& value)
{
    return to_line(value, Keys::sorted);
}

std::string to_pretty_text(const Json& value)
{
    PrettyWriter writer;
    writer.write(value);
    return std::move(writer.out);
}

const Json& get_member(const Json& value, std::string_view key)
{
    const auto* object = value.if_object();
    if (object == nullptr) return null_value();
    const auto* member = object->if_contains(key);
    return member == nullptr ? null_value() : *member;
}

std::string get_string(const Json& object, std::string_view key, std::string_view fallback)
{
    const auto* text = get_member(object, key).if_string();
    return text == nullptr ? std::string(fallback) : std::string(text->data(), text->size());
}

std::int64_t get_int(const Json& object, std::string_view key, std::int64_t fallback)
{
    return as_int(get_member(object, key)).value_or(fallback);
}

bool get_bool(const Json& object, std::string_view key, bool fallback)
{
    const auto* flag = get_member(object, key).if_bool();
    return flag == nullptr ? fallback : *flag;
}

Result<std::string> require_string(const Json& object, std::string_view key)
{
    const auto& member = get_member(object, key);
    if (const auto* text = member.if_string()) return std::string(text->data(), text->size());
    return ill_typed(key, "a string", member);
}

Result<std::int64_t> require_int(const Json& object, std::string_view key)
{
    const auto& member = get_member(object, key);
    if (const auto number = as_int(member)) return *number;
    return ill_typed(key, "a whole number", member);
}

}  // namespace ramet
