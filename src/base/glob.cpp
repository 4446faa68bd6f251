#include "base/text.hpp"

#include <cstdint>

namespace ramet {
namespace {

enum class TokenKind : std::uint8_t { literal, any_character, star, double_star, any_folders };

struct Token {
    TokenKind kind;
    char character = 0;
};

/// Takes the next token off the front of `rest`; `at_segment_start` tells whether "**/" may stand for no folder at all.
Token next_token(std::string_view& rest, bool at_segment_start)
{
    const auto take = [&](std::size_t length, Token token) {
        rest.remove_prefix(length);
        return token;
    };
    if (at_segment_start && rest.starts_with("**/")) return take(3, {TokenKind::any_folders});
    if (rest.starts_with("**")) return take(2, {TokenKind::double_star});
    if (rest.front() == '*') return take(1, {TokenKind::star});
    if (rest.front() == '?') return take(1, {TokenKind::any_character});
    return take(1, {TokenKind::literal, rest.front()});
}

std::vector<Token> tokens_of(std::string_view pattern)
{
    std::vector<Token> tokens;
    bool at_segment_start = true;
    while (!pattern.empty()) {
        const auto token = next_token(pattern, at_segment_start);
        tokens.push_back(token);
        at_segment_start = token.kind == TokenKind::any_folders || token.character == '/';
    }
    return tokens;
}

/// Which ends of prefixes of the path the pattern read so far can match.
using Reachable = std::vector<bool>;

/// One more token: linear in the path, so that no pattern can take long, as backtracking would.
Reachable advance(const Reachable& before, const Token& token, std::string_view path)
{
    Reachable after(before.size(), false);
    bool seen_before = false;
    for (std::size_t end = 0; end < before.size(); ++end) {
        const bool has_last = end > 0;
        const char last = has_last ? path[end - 1] : '\0';
        switch (token.kind) {
        case TokenKind::literal: after[end] = has_last && before[end - 1] && last == token.character; break;
        case TokenKind::any_character: after[end] = has_last && before[end - 1] && last != '/'; break;
        case TokenKind::star: after[end] = before[end] || (has_last && after[end - 1] && last != '/'); break;
        case TokenKind::double_star: after[end] = before[end] || (has_last && after[end - 1]); break;
        case TokenKind::any_folders: after[end] = before[end] || (seen_before && last == '/'); break;
        }
        seen_before = seen_before || before[end];
    }
    return after;
}

}  // namespace

bool matches_glob(std::string_view pattern, std::string_view path)
{
    Reachable reachable(path.size() + 1, false);
    reachable[0] = true;
    for (const auto& token : tokens_of(pattern)) reachable = advance(reachable, token, path);
    return reachable[path.size()];
}

}  // namespace ramet
