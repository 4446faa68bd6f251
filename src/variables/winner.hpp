#pragma once

#include "variables/input.hpp"

#include <map>
#include <string_view>
#include <vector>

namespace ramet::variables {

Rank rank_of(const Candidate& candidate);
Rank rank_of(const SecretCandidate& candidate);

/// The declarations of one environment, found by key.
class Candidates {
public:
    explicit Candidates(const ResolutionInput& input);

    /// All that concern this reader, strongest first.
    std::vector<const Candidate*> of_key(std::string_view key, std::string_view reader) const;
    std::vector<const SecretCandidate*> of_secret(std::string_view name, std::string_view reader) const;
    /// The one that wins, or null.
    const Candidate* winner(std::string_view key, std::string_view reader) const;
    /// The secret that wins among those that may flow into this environment, or null.
    const SecretCandidate* secret(std::string_view name, std::string_view reader) const;
    /// Whether a protected secret must not be used here.
    bool is_withheld(const SecretCandidate& candidate) const;

    std::vector<std::string_view> keys_of(std::string_view reader) const;

private:
    const ResolutionInput& input_;
    std::map<std::string_view, std::vector<const Candidate*>> by_key_{};
    std::map<std::string_view, std::vector<const SecretCandidate*>> by_secret_{};
};

}  // namespace ramet::variables
