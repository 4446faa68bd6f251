#include "cli/session.hpp"

#include "base/file.hpp"

#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <termios.h>
#include <unistd.h>

namespace ramet::cli {

namespace {

std::string environment_value(const char* name)
{
    const char* value = std::getenv(name);
    return value == nullptr ? std::string() : std::string(value);
}

std::string read_all_input()
{
    std::string text;
    char buffer[4096];
    for (ssize_t count = 0; (count = ::read(STDIN_FILENO, buffer, sizeof buffer)) > 0;)
        text.append(buffer, static_cast<std::size_t>(count));
    return text;
}

/// Echo is off while this lives.
class QuietTerminal {
public:
    QuietTerminal()
    {
        ::tcgetattr(STDIN_FILENO, &before_);
        auto quiet = before_;
        quiet.c_lflag &= ~static_cast<tcflag_t>(ECHO);
        ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet);
    }
    ~QuietTerminal() { ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &before_); }
    QuietTerminal(const QuietTerminal&) = delete;
    QuietTerminal& operator=(const QuietTerminal&) = delete;

private:
    termios before_{};
};

}  // namespace

Session::Session(net::HttpClient& http, const Arguments& arguments) : http_(http)
{
    format_ = parse_format(arguments.get("-o")).value_or(Format::table);
    quiet_ = arguments.has("--quiet");
    yes_ = arguments.has("--yes");
    may_ask_ = !arguments.has("--no-input") && ::isatty(STDIN_FILENO) == 1;
    project_ = arguments.get("--project");
}

Result<ApiClient*> Session::api()
{
    if (api_) return api_.get();
    Context context{environment_value("RAMET_URL"), environment_value("RAMET_TOKEN")};
    if (context.url.empty()) {
        const auto saved = TRY(load_context());
        if (!saved)
            return std::unexpected(Error{ErrorKind::unauthenticated, "no server is known",
                                         "RAMET_URL is not set and there is no saved context",
                                         "start one with: ramet up    or sign in: ramet login URL < token"});
        // A token of the environment is for the server that is saved, too.
        context = {saved->url, context.token.empty() ? saved->token : context.token};
    }
    while (context.url.ends_with('/')) context.url.pop_back();
    api_ = std::make_unique<ApiClient>(http_, context.url, SecretBytes(context.token));
    return api_.get();
}

void Session::print(std::string_view text)
{
    std::cout << text << std::flush;
}

void Session::tell(std::string_view line)
{
    if (!quiet_) std::cerr << line << "\n";
}

Result<bool> Session::confirm(const std::string& question)
{
    if (yes_) return true;
    if (!may_ask_) return fail(ErrorKind::invalid, "{} Say --yes to go on.", question);
    std::cerr << question << " [y/N] " << std::flush;
    std::string answer;
    std::getline(std::cin, answer);
    return answer == "y" || answer == "yes";
}

std::string context_path()
{
    auto base = environment_value("XDG_CONFIG_HOME");
    if (base.empty()) base = environment_value("HOME") + "/.config";
    return base + "/ramet/context.json";
}

Result<std::optional<Context>> load_context()
{
    const auto text = read_file(context_path());
    if (!text && text.error().kind == ErrorKind::not_found) return std::nullopt;
    if (!text) return std::unexpected(text.error());
    const auto saved = TRY(parse_json(*text));
    return Context{get_string(saved, "url"), get_string(saved, "token")};
}

Result<void> save_context(const Context& context)
{
    const Path path(context_path());
    TRY(ensure_directory(path.parent_path(), 0700));
    return write_file(path, to_text(json::object{{"url", context.url}, {"token", context.token}}) + "\n", 0600);
}

Result<void> check_target(const Arguments& arguments)
{
    if (!arguments.has("--target") || arguments.get("--target") == "here") return {};
    return fail(ErrorKind::invalid, "--target takes `here`, not \"{}\"; other targets stand in the file",
                arguments.get("--target"));
}

Result<SecretBytes> read_secret(const std::string& prompt)
{
    std::string value;
    if (::isatty(STDIN_FILENO) == 1) {
        std::cerr << prompt << ": " << std::flush;
        const QuietTerminal quiet;
        std::getline(std::cin, value);
        std::cerr << "\n";
    } else {
        value = read_all_input();
        if (value.ends_with('\n')) value.pop_back();
    }
    if (value.empty()) return fail(ErrorKind::invalid, "no value was given on standard input");
    return SecretBytes(value);
}

}  // namespace ramet::cli
