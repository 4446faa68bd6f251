#pragma once

#include "base/result.hpp"

#include <functional>
#include <string>
#include <string_view>

namespace ramet {

struct NumberRange {
    int first = 0;
    int last = 0;
};

/// Numbers that only one owner may hold at a time (ports, user ids), durable. Implemented by the store.
class Allocations {
public:
    virtual ~Allocations() = default;

    struct Request {
        std::string_view kind;   ///< "port", "uid"
        std::string_view owner;  ///< environment id
        std::string_view path;   ///< what of it: "address/api"
        int first = 0;
        int last = 0;
        /// Says whether a number is free outside of the table too (a port that somebody else listens on); may be empty. Who
        /// cannot find out fails: "not free" of each number would pass for a range that is used up.
        std::function<Result<bool>(int)> is_usable{};
    };
    /// The number that (kind, owner, path) holds already, or a new one; `unavailable` when the range is used up, and what
    /// `is_usable` fails with.
    virtual Result<int> ensure(const Request& request) = 0;
    /// Repeatable.
    virtual Result<void> release(std::string_view kind, std::string_view owner, std::string_view path) = 0;
};

}  // namespace ramet
