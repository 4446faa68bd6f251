#pragma once

#include <chrono>
#include <string>
#include <string_view>

namespace ramet::net {

/// What a small page says. All of it is text and is escaped.
struct PageText {
    std::string title;
    std::string detail{};
    /// Evidence, in a fixed-width font.
    std::string evidence{};
    /// The browser asks again after this time; zero does not.
    std::chrono::seconds refresh{0};
};

/// A page without scripts and without anything to load, for the proxy's own answers and for states of a preview.
std::string page_html(const PageText& text);

std::string escape_html(std::string_view text);

}  // namespace ramet::net
