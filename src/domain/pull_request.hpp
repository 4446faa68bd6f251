#pragma once

#include "domain/ids.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace ramet {

/// owner/name as the forge spells it.
struct RepositoryName {
    std::string owner;
    std::string name;
    std::string str() const { return owner + "/" + name; }
    friend auto operator<=>(const RepositoryName&, const RepositoryName&) = default;
};

enum class PullRequestState : std::uint8_t { open, closed, merged };

/// A pull request as it is at the moment of reading. Never built from an event's payload.
struct PullRequest {
    RepositoryName repository{};  ///< the one it is opened against
    std::int64_t number = 0;
    PullRequestState state = PullRequestState::open;
    bool is_draft = false;
    std::string title{};
    std::string author{};     ///< login
    std::string author_id{};  ///< immutable id at the forge
    std::string head_branch{};
    CommitSha head_commit{};
    RepositoryName head_repository{};  ///< another one for a fork; empty names when the fork is gone
    std::string target_branch{};
    std::vector<std::string> labels{};
    std::string web_url{};

    bool is_fork() const { return head_repository != repository; }
    friend bool operator==(const PullRequest&, const PullRequest&) = default;
};

/// 7 digits, for people.
std::string short_sha(const CommitSha& commit);
/// 40 or 64 lower-case hexadecimal digits.
bool is_commit_sha(std::string_view text);

std::string_view to_string(PullRequestState state);

}  // namespace ramet
