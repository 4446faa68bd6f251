#pragma once

#include "failpoints/orders.hpp"

#include <string>
#include <string_view>

namespace ramet::failpoints {

/// What tests do to a process, at places and calls that it passes. The environment variable RAMET_FAILPOINTS names a file with the
/// orders (`Orders`); it is read again when it has changed, and all counts begin anew, so that a server that runs can be told.
///
/// Each place has a name that is the same in every run of the same work, and the number of times that it was passed:
/// "before apply service/web #2" is the second such call. Thread-safe.

/// A place of the engine: counted, written down; the process ends there when the orders say so. Whether what was answered before it
/// is lost.
bool pass(const std::string& place);

/// Whether anybody cares for calls of that name. Cheap.
bool is_watching(std::string_view call);
/// Before a call of the operating system named by `name_call`: 0, or the errno with which it fails instead of being made.
int begin_call(std::string_view call, std::string_view path);
/// After a call that was made, of the same name.
void end_call(std::string_view call, std::string_view path);
/// How far the wall clock runs ahead.
std::chrono::seconds clock_offset();

/// For tests inside the process: instead of those of the file.
void set_orders(Orders orders);

/// Calls that are made while one of these lives are the failpoints' own: nobody counts them.
class Unwatched {
public:
    Unwatched();
    Unwatched(const Unwatched&) = delete;
    Unwatched& operator=(const Unwatched&) = delete;
    ~Unwatched();
    static bool is_on();
};

}  // namespace ramet::failpoints
