#pragma once

#include <compare>
#include <functional>
#include <string>
#include <utility>

namespace ramet {

/// One type per kind of identifier, so that an environment's id cannot be passed where a run's is wanted.
/// Usage: `using RunId = Id<struct RunIdTag>;`
template <typename Tag>
class Id {
public:
    Id() = default;
    explicit Id(std::string value) : value_(std::move(value)) {}

    const std::string& str() const { return value_; }
    bool empty() const { return value_.empty(); }

    friend auto operator<=>(const Id&, const Id&) = default;
    friend bool operator==(const Id&, const Id&) = default;

private:
    std::string value_;
};

}  // namespace ramet

template <typename Tag>
struct std::hash<ramet::Id<Tag>> {
    std::size_t operator()(const ramet::Id<Tag>& id) const noexcept { return std::hash<std::string>{}(id.str()); }
};
