#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

namespace ramet::net {

/// Compares as HTTP compares names: ASCII letters without regard to case.
bool equals_ignoring_case(std::string_view a, std::string_view b);

/// The header fields of a message, in the order they came. Names are looked up without regard to case.
class Headers {
public:
    struct Field {
        std::string name;
        std::string value;
        friend bool operator==(const Field&, const Field&) = default;
    };

    Headers() = default;
    Headers(std::initializer_list<Field> fields) : fields_(fields) {}

    /// The first field of that name, or null.
    const std::string* find(std::string_view name) const;
    /// The first field of that name, or the fallback.
    std::string_view get(std::string_view name, std::string_view fallback = {}) const;
    bool contains(std::string_view name) const { return find(name) != nullptr; }

    void add(std::string_view name, std::string_view value);
    /// Replaces all fields of that name by one.
    void set(std::string_view name, std::string_view value);
    void remove(std::string_view name);

    auto begin() const { return fields_.begin(); }
    auto end() const { return fields_.end(); }
    std::size_t size() const { return fields_.size(); }
    bool empty() const { return fields_.empty(); }

private:
    std::vector<Field> fields_;
};

/// Whether name and value can stand in a message without changing its shape: no CR, LF or NUL, and a name of token characters.
bool is_valid_field(std::string_view name, std::string_view value);

}  // namespace ramet::net
