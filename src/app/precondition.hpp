#pragma once

#include "base/result.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ramet::app {

/// What must hold of a thing for a change to be made to it, as HTTP says it with If-Match and If-None-Match: whoever changes
/// what somebody else has changed meanwhile is told so. Looked at where the change is made.
struct Precondition {
    enum class Kind : std::uint8_t { none, exists, absent, one_of, none_of } kind = Kind::none;
    std::vector<std::string> versions{};  ///< of one_of and none_of
    std::string header{};                 ///< who asked: the error's `where`
};

/// Holds of a thing in this version (of none that exists without one), or `conflict`, which names the header.
Result<void> check_precondition(const Precondition& precondition, const std::optional<std::string>& version,
                                std::string_view what);

}  // namespace ramet::app
