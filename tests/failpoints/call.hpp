#pragma once

#include "failpoints/places.hpp"

#include <cerrno>
#include <dlfcn.h>
#include <string>
#include <string_view>
#include <type_traits>

namespace ramet::failpoints {

/// The C library's own function, which ours of the same name hides.
template <typename Function>
Function* find_hidden(const char* name)
{
    return reinterpret_cast<Function*>(::dlsym(RTLD_NEXT, name));
}

/// Of an open file; "socket:[…]" and the like for what is none. Empty when it cannot be told.
std::string path_of(int fd);
/// Relative to `directory`, as in openat(2).
std::string path_at(int directory, const char* path);

/// What such calls answer when they fail.
template <typename Answer>
Answer failed()
{
    if constexpr (std::is_pointer_v<Answer>)
        return nullptr;
    else
        return static_cast<Answer>(-1);
}

/// Makes the call, or lets it fail as the orders say. `call` is its name, `path` what it is about.
template <typename Real>
auto make_call(std::string_view call, const std::string& path, const Real& real) -> decltype(real())
{
    if (const int error = begin_call(call, path); error != 0) {
        errno = error;
        return failed<decltype(real())>();
    }
    const auto answer = real();
    const int error = errno;
    end_call(call, path);
    errno = error;
    return answer;
}

/// Of an open file, and only of files: descriptors of another kind have calls of their own.
template <typename Real>
auto on_file(std::string_view call, int fd, const Real& real) -> decltype(real())
{
    if (!is_watching(call)) return real();
    const auto path = path_of(fd);
    return path.starts_with('/') ? make_call(call, path, real) : real();
}

template <typename Real>
auto on_path(std::string_view call, int directory, const char* path, const Real& real) -> decltype(real())
{
    if (!is_watching(call) || path == nullptr) return real();
    return make_call(call, path_at(directory, path), real);
}

}  // namespace ramet::failpoints
