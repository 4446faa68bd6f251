#include "shim/message.hpp"

#include <charconv>

namespace ramet::shim {
namespace {

void append_escaped(std::string& out, std::string_view value)
{
    for (const char character : value) {
        switch (character) {
        case '\\': out += "\\\\"; break;
        case '\n': out += "\\n"; break;
        case '\r': out += "\\r"; break;
        default: out += character;
        }
    }
}

std::optional<std::string> unescape(std::string_view text)
{
    std::string value;
    value.reserve(text.size());
    for (std::size_t at = 0; at < text.size(); ++at) {
        if (text[at] != '\\') {
            value += text[at];
            continue;
        }
        if (++at == text.size()) return std::nullopt;
        switch (text[at]) {
        case '\\': value += '\\'; break;
        case 'n': value += '\n'; break;
        case 'r': value += '\r'; break;
        default: return std::nullopt;
        }
    }
    return value;
}

}  // namespace

std::string_view Message::get(std::string_view key) const
{
    for (const auto& [name, value] : lines_)
        if (name == key) return value;
    return {};
}

std::int64_t Message::number(std::string_view key, std::int64_t fallback) const
{
    const auto text = get(key);
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return error == std::errc{} && end == text.data() + text.size() && !text.empty() ? value : fallback;
}

std::vector<std::string> Message::all(std::string_view key) const
{
    std::vector<std::string> values;
    for (const auto& [name, value] : lines_)
        if (name == key) values.push_back(value);
    return values;
}

bool Message::has(std::string_view key) const
{
    for (const auto& line : lines_)
        if (line.first == key) return true;
    return false;
}

std::string Message::encode() const
{
    std::string text;
    for (const auto& [key, value] : lines_) {
        text += key;
        text += ' ';
        append_escaped(text, value);
        text += '\n';
    }
    text += '\n';
    return text;
}

std::optional<Message> Message::decode(std::string_view text)
{
    Message message;
    while (!text.empty()) {
        const auto end = text.find('\n');
        if (end == std::string_view::npos) return std::nullopt;
        const auto line = text.substr(0, end);
        text.remove_prefix(end + 1);
        if (line.empty()) return text.empty() ? std::optional(std::move(message)) : std::nullopt;
        const auto space = line.find(' ');
        const auto raw = space == std::string_view::npos ? std::string_view{} : line.substr(space + 1);
        auto value = unescape(raw);
        if (!value) return std::nullopt;
        message.lines_.emplace_back(line.substr(0, space), std::move(*value));
    }
    return std::nullopt;
}

}  // namespace ramet::shim
