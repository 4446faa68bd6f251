#pragma once
// For the tests of what a cluster says.

#include "base/json.hpp"

#include <doctest/doctest.h>

#include <string_view>
#include <utility>

namespace ramet::targets::kubernetes {

/// The test ends where it is no JSON.
inline Json parse(std::string_view text)
{
    auto value = parse_json(text);
    if (!value) FAIL(value.error().message);
    return *std::move(value);
}

}  // namespace ramet::targets::kubernetes
