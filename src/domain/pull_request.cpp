#include "domain/pull_request.hpp"

#include <algorithm>

namespace ramet {

std::string short_sha(const CommitSha& commit)
{
    return commit.str().substr(0, 7);
}

bool is_commit_sha(std::string_view text)
{
    const auto is_digit = [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); };
    return (text.size() == 40 || text.size() == 64) && std::ranges::all_of(text, is_digit);
}

std::string_view to_string(PullRequestState state)
{
    switch (state) {
    case PullRequestState::open: return "open";
    case PullRequestState::closed: return "closed";
    case PullRequestState::merged: return "merged";
    }
    return "open";
}

}  // namespace ramet
