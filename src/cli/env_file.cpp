#include "cli/env_file.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <set>

namespace ramet::cli {

namespace {

bool is_name_character(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
}

bool is_name(std::string_view text)
{
    const bool begins_well = !text.empty() && !(text.front() >= '0' && text.front() <= '9');
    return begins_well && std::ranges::all_of(text, is_name_character);
}

char unescaped(char c)
{
    return c == 'n' ? '\n' : c == 't' ? '\t' : c == 'r' ? '\r' : c;
}

class Reader {
public:
    Reader(std::string_view text, const std::string& file) : text_(text), file_(file) {}

    Result<std::vector<EnvironmentLine>> read()
    {
        std::vector<EnvironmentLine> lines;
        std::set<std::string> known;
        while (skip_to_entry()) {
            auto entry = TRY(read_entry());
            if (!known.insert(entry.key).second) return wrong(entry.line, entry.key + " stands twice");
            lines.push_back(std::move(entry));
        }
        return lines;
    }

private:
    char peek() const { return at_ < text_.size() ? text_[at_] : '\n'; }
    bool is_at_end() const { return at_ >= text_.size(); }

    char next()
    {
        if (peek() == '\n') ++line_;
        return text_[at_++];
    }

    void skip_blanks()
    {
        while (!is_at_end() && (peek() == ' ' || peek() == '\t' || peek() == '\r')) ++at_;
    }

    void skip_line()
    {
        while (!is_at_end() && peek() != '\n') ++at_;
    }

    bool skip_to_entry()
    {
        while (!is_at_end()) {
            skip_blanks();
            if (peek() == '#') skip_line();
            if (is_at_end()) return false;
            if (peek() != '\n') return true;
            next();
        }
        return false;
    }

    Result<EnvironmentLine> read_entry()
    {
        EnvironmentLine entry{.line = line_};
        const auto equals = std::min(text_.find_first_of("=\n", at_), text_.size());
        auto name = trim(text_.substr(at_, equals - at_));
        if (name.starts_with("export ")) name = trim(name.substr(7));
        if (equals == text_.size() || text_[equals] == '\n') return wrong(line_, "there is no = in this line");
        if (!is_name(name)) return wrong(line_, fmt::format("\"{}\" is no name of a variable", name));
        entry.key = name;
        at_ = equals + 1;
        skip_blanks();
        entry.value = TRY(read_value());
        return entry;
    }

    Result<std::string> read_value()
    {
        if (peek() == '\'' || peek() == '"') return read_quoted(next());
        const auto begin = at_;
        skip_line();
        auto value = text_.substr(begin, at_ - begin);
        value = value.substr(0, value.starts_with('#') ? 0 : value.find(" #"));
        return std::string(trim(value));
    }

    Result<std::string> read_quoted(char quote)
    {
        const int begun = line_;
        std::string value;
        while (!is_at_end() && peek() != quote) {
            char c = next();
            if (quote == '"' && c == '\\' && !is_at_end()) c = unescaped(next());
            value += c;
        }
        if (is_at_end()) return wrong(begun, "the quote of this value does not end");
        ++at_;
        skip_blanks();
        if (peek() != '\n' && peek() != '#') return wrong(line_, "something follows the value's quote");
        skip_line();
        return value;
    }

    std::unexpected<Error> wrong(int line, std::string message) const
    {
        return std::unexpected(
            Error{ErrorKind::invalid, std::move(message), {}, {}, fmt::format("{}:{}", file_, line)});
    }

    std::string_view text_;
    const std::string& file_;
    std::size_t at_ = 0;
    int line_ = 1;
};

bool is_url_with_password(std::string_view value)
{
    const auto scheme = value.find("://");
    if (scheme == std::string_view::npos) return false;
    const auto authority = value.substr(scheme + 3, value.find_first_of("/?#", scheme + 3) - scheme - 3);
    const auto at = authority.rfind('@');
    return at != std::string_view::npos && authority.substr(0, at).contains(':');
}

}  // namespace

Result<std::vector<EnvironmentLine>> parse_env_file(std::string_view text, const std::string& file)
{
    return Reader(text, file).read();
}

bool looks_secret(const EnvironmentLine& line)
{
    const auto name = to_lower(line.key);
    for (const std::string_view word : {"password", "passwd", "passphrase", "secret", "token", "credential",
                                        "private_key", "api_key", "apikey", "access_key"})
        if (name.contains(word)) return true;
    if (name == "key" || name.ends_with("_key") || name.ends_with("_pass") || name.ends_with("_dsn")) return true;
    return line.value.contains("PRIVATE KEY-----") || is_url_with_password(line.value);
}

}  // namespace ramet::cli
