#pragma once

#include <fmt/core.h>

#include <functional>
#include <string>
#include <string_view>

namespace ramet::log {

enum class Level : unsigned char { debug, info, warning, error };

/// Where lines go (standard error until told otherwise). Every line passes `redact` first, if one is set.
void set_level(Level level);
void set_redactor(std::function<std::string(std::string_view)> redact);
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
