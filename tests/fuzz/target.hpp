#pragma once

#include <fmt/core.h>

#include <string>
#include <string_view>
#include <vector>

namespace ramet::fuzz {

/// One entry point: bytes from outside, and what must hold whatever they are.
struct Target {
    std::string_view name;
    /// Good inputs, which are mutated.
    std::vector<std::string> (*seeds)();
    /// Pieces that mean something in this format.
    std::vector<std::string> words;
    /// Throws `Broken` when the property does not hold. Anything else that it throws is a bug too.
    void (*run)(std::string_view input);
};

/// What did not hold, in words.
struct Broken {
    std::string what;
};

template <typename... Args>
void require(bool holds, fmt::format_string<Args...> format, Args&&... args)
{
    if (!holds) throw Broken{fmt::format(format, std::forward<Args>(args)...)};
}

// One per file `*_target.cpp`.
const Target& webhook_target();
const Target& git_host_target();
const Target& project_file_target();
const Target& values_target();
const Target& url_target();
const Target& http_head_target();
const Target& http_body_target();
const Target& envelope_target();
const Target& redactor_target();
const Target& json_target();
const Target& records_target();
const Target& rows_target();
const Target& shim_message_target();

}  // namespace ramet::fuzz
