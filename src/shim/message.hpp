#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ramet::shim {

/// What goes over a shim's control socket, both ways: lines of `key value`, ended by an empty line. A key may stand several
/// times; a backslash, newline or carriage return in a value is written as `\\`, `\n`, `\r`. The first line of a request is
/// `request NAME`, that of a reply `ok` or `error TEXT`. Plain enough that a newer Ramet can speak to an older shim: unknown
/// keys are ignored.
class Message {
public:
    void add(std::string_view key, std::string_view value) { lines_.emplace_back(key, value); }
    void add(std::string_view key, std::int64_t value) { lines_.emplace_back(key, std::to_string(value)); }

    /// The first value of `key`; empty when it is not there.
    std::string_view get(std::string_view key) const;
    std::int64_t number(std::string_view key, std::int64_t fallback = 0) const;
    std::vector<std::string> all(std::string_view key) const;
    bool has(std::string_view key) const;
    const std::vector<std::pair<std::string, std::string>>& lines() const { return lines_; }

    std::string encode() const;
    /// Nothing when `text` is not a whole message: no empty line at its end, or an unknown escape.
    static std::optional<Message> decode(std::string_view text);

private:
    std::vector<std::pair<std::string, std::string>> lines_;
};

/// Messages longer than this are refused by both sides.
inline constexpr std::size_t message_limit = 8U << 20U;

}  // namespace ramet::shim
