#include "cli/browser.hpp"

#include "base/subprocess.hpp"

#include <cstdlib>
#include <unistd.h>

extern char** environ;

namespace ramet::cli {

namespace {

bool is_set(const char* name)
{
    const char* value = std::getenv(name);
    return value != nullptr && *value != '\0';
}

/// A browser needs the whole desktop session, but not what opens Ramet.
std::map<std::string, std::string> desktop_environment()
{
    std::map<std::string, std::string> all;
    for (char** entry = environ; *entry != nullptr; ++entry) {
        const std::string text(*entry);
        const auto equals = text.find('=');
        if (equals != std::string::npos && !text.starts_with("RAMET_"))
            all[text.substr(0, equals)] = text.substr(equals + 1);
    }
    return all;
}

}  // namespace

bool has_browser()
{
    return ::isatty(STDOUT_FILENO) == 1 && (is_set("DISPLAY") || is_set("WAYLAND_DISPLAY"));
}

Result<void> open_browser(const std::string& url)
{
    if (!url.starts_with("http://") && !url.starts_with("https://"))
        return fail(ErrorKind::invalid, "{} is no address of a web page", url);
    const std::string program = is_set("BROWSER") ? std::getenv("BROWSER") : "xdg-open";
    TRY(run_checked(
        {.arguments = {program, url}, .environment = desktop_environment(), .timeout = std::chrono::seconds(10)}));
    return {};
}

}  // namespace ramet::cli
