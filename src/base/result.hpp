#pragma once

#include "base/error.hpp"

#include <fmt/core.h>

#include <expected>
#include <utility>

namespace ramet {

template <typename T>
using Result = std::expected<T, Error>;

/// An error ready to be returned: `return fail(ErrorKind::not_found, "no environment is called {}", name);`
template <typename... Args>
std::unexpected<Error> fail(ErrorKind kind, fmt::format_string<Args...> format, Args&&... args)
{
    return std::unexpected(Error{kind, fmt::format(format, std::forward<Args>(args)...)});
}

/// Passes an error on with context in front.
inline std::unexpected<Error> fail_in(Error error, std::string_view context)
{
    return std::unexpected(in_context(std::move(error), context));
}

}  // namespace ramet

/// Early return: the value of a Result, or leave the function with its error.
/// Only as an initialiser or a statement, never inside braces or arguments, never in a coroutine (g++ 12 miscompiles it there).
#define TRY(expression) RAMET_TRY_COUNTED(expression, __COUNTER__)

// The variable's name is counted, so that a TRY inside a lambda inside a TRY shadows nothing.
#define RAMET_TRY_COUNTED(expression, count) RAMET_TRY_NAMED(expression, count)
#define RAMET_TRY_NAMED(expression, count)                                                      \
    __extension__({                                                                             \
        auto try_result_##count = (expression);                                                 \
        if (!try_result_##count) return std::unexpected(std::move(try_result_##count).error()); \
        std::move(try_result_##count).value();                                                  \
    })
