#pragma once

#include "cli/client.hpp"
#include "cli/command.hpp"
#include "cli/output.hpp"

#include <memory>
#include <optional>
#include <string>

namespace ramet::cli {

/// What one command works with: the server, if it needs one, and where its words go.
class Session {
public:
    /// Takes the common options from `arguments`.
    Session(net::HttpClient& http, const Arguments& arguments);

    /// The server of RAMET_URL and RAMET_TOKEN, else of the saved context; `unauthenticated` says how to get one.
    Result<ApiClient*> api();

    Format format() const { return format_; }
    bool is_for_people() const { return format_ == Format::table || format_ == Format::wide; }
    bool is_quiet() const { return quiet_; }
    bool may_ask() const { return may_ask_; }
    bool says_yes() const { return yes_; }
    std::string project() const { return project_; }
    /// The server's answer names the project that the rest of the command is about; --project stays what it is.
    void settle_project(const std::string& project)
    {
        if (project_.empty()) project_ = project;
    }

    /// Data: standard output.
    void print(std::string_view text);
    void print_list(const Json& list, const std::vector<Column>& columns)
    {
        print(format_list(list, columns, format_));
    }
    void print_object(const Json& object, const std::vector<Column>& fields)
    {
        print(format_object(object, fields, format_));
    }
    /// Progress and remarks: standard error; nothing with --quiet.
    void tell(std::string_view line);
    /// Asks on the terminal; without one, or with --no-input, `invalid` says what to give instead. --yes answers yes.
    Result<bool> confirm(const std::string& question);

private:
    net::HttpClient& http_;
    std::unique_ptr<ApiClient> api_;
    Format format_ = Format::table;
    bool quiet_ = false;
    bool yes_ = false;
    bool may_ask_ = false;
    std::string project_;
};

/// Where clients keep the server and token of `ramet login`: $XDG_CONFIG_HOME/ramet/context.json, mode 0600.
struct Context {
    std::string url;
    std::string token;
};
std::string context_path();
Result<std::optional<Context>> load_context();
Result<void> save_context(const Context& context);

/// `--target` takes only "here" on the command line; other targets stand in the file.
Result<void> check_target(const Arguments& arguments);

/// A secret value: standard input when it is not a terminal, else a prompt without echo. One trailing newline is cut.
Result<SecretBytes> read_secret(const std::string& prompt);

}  // namespace ramet::cli
