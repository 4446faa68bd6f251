#pragma once

#include <fmt/core.h>

#include <functional>
#include <string>
#include <string_view>
#include <utility>

namespace ramet::log {

enum class Level : unsigned char { debug, info, warning, error };

/// Lines below `level` are dropped; `info` until told otherwise.
void set_level(Level level);
/// Every line passes `redact` before it is written. It is called under a lock and must not log.
void set_redactor(std::function<std::string(std::string_view)> redact);
/// One line on standard error: "2026-11-23T10:00:00.000Z info …". Control characters are escaped.
void write(Level level, std::string_view line);

template <typename... Args>
void debug(fmt::format_string<Args...> format, Args&&... args)
{
    write(Level::debug, fmt::format(format, std::forward<Args>(args)...));
}

template <typename... Args>
void info(fmt::format_string<Args...> format, Args&&... args)
{
    write(Level::info, fmt::format(format, std::forward<Args>(args)...));
}

template <typename... Args>
void warning(fmt::format_string<Args...> format, Args&&... args)
{
    write(Level::warning, fmt::format(format, std::forward<Args>(args)...));
}

template <typename... Args>
void error(fmt::format_string<Args...> format, Args&&... args)
{
    write(Level::error, fmt::format(format, std::forward<Args>(args)...));
}

}  // namespace ramet::log
