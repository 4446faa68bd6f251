#pragma once

#include "base/clock.hpp"
#include "base/id.hpp"

#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace ramet::storage {

/// Bytes, as opposed to text. Borrowed.
struct Blob {
    std::string_view bytes;
};

/// One parameter of a statement. Text and bytes are borrowed until the statement has run.
class Value {
public:
    using Content = std::variant<std::nullptr_t, std::int64_t, double, std::string_view, Blob>;

    Value(std::nullptr_t) : content_(nullptr) {}
    Value(std::integral auto number) : content_(static_cast<std::int64_t>(number)) {}
    Value(double number) : content_(number) {}
    Value(std::string_view text) : content_(text) {}
    Value(const std::string& text) : content_(std::string_view(text)) {}
    Value(const char* text) : content_(std::string_view(text)) {}
    Value(Blob blob) : content_(blob) {}
    Value(Time time) : content_(static_cast<std::int64_t>(time.time_since_epoch().count())) {}
    template <typename Tag>
    Value(const Id<Tag>& id) : content_(std::string_view(id.str()))
    {
    }
    template <typename T>
    Value(const std::optional<T>& maybe) : content_(maybe ? Value(*maybe).content_ : Content(nullptr))
    {
    }

    const Content& content() const { return content_; }

private:
    Content content_;
};

/// The text, or NULL when it is empty: for columns in which "none" is NULL.
inline Value text_or_null(std::string_view text)
{
    return text.empty() ? Value(nullptr) : Value(text);
}

}  // namespace ramet::storage
