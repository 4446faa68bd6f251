#pragma once

#include "domain/interpolation.hpp"
#include "variables/resolve.hpp"
#include "variables/winner.hpp"

#include <map>
#include <optional>
#include <set>

namespace ramet::variables {

/// Collects what is found while all readers are resolved; each thing is noted once.
class Findings {
public:
    explicit Findings(Resolution& resolution) : resolution_(resolution) {}

    void miss_secret(const std::string& name, const std::string& needed_by, bool is_withheld);
    void want(const Candidate& candidate, const GeneratedValue& declared);
    void leave_out(const std::string& needed_by) { resolution_.without_secrets.push_back(needed_by); }
    void refuse(const Candidate& candidate, const std::string& reader, std::string message);
    void finish();

private:
    Resolution& resolution_;
    std::map<std::string, MissingSecret> missing_{};
    std::set<std::string> wanted_{};
    std::set<std::string> refused_{};
};

/// Resolves the variables of one service or job.
class Reader {
public:
    Reader(const ResolutionInput& input, const Candidates& candidates, const std::string& name, Findings& findings)
        : input_(input), candidates_(candidates), name_(name), findings_(findings)
    {
    }

    /// Nothing when the variable is not set here, or an error was noted.
    std::optional<ResolvedValue> resolve(std::string_view key);

private:
    std::optional<ResolvedValue> resolve_winner(const Candidate& candidate);
    std::optional<ResolvedValue> resolve_text(const Candidate& candidate, const std::string& text);
    std::optional<ResolvedValue> resolve_alias(const Candidate& candidate, const std::string& target);
    std::optional<ResolvedValue> resolve_secret(const Candidate& candidate, const std::string& secret);
    std::optional<ResolvedValue> resolve_generated(const Candidate& candidate, const GeneratedValue& declared);
    std::optional<ResolvedValue> fill(const Candidate& candidate, const Placeholder& placeholder);
    std::optional<ResolvedValue> fill_variable(const Candidate& candidate, const std::string& key);
    std::optional<ResolvedValue> refuse(const Candidate& candidate, std::string message);
    /// "A → B → A"
    std::string show_cycle(std::string_view key) const;

    const ResolutionInput& input_;
    const Candidates& candidates_;
    const std::string& name_;
    Findings& findings_;
    std::map<std::string, std::optional<ResolvedValue>, std::less<>> done_{};
    std::set<std::string, std::less<>> failed_{};
    std::vector<std::string> open_{};
};

}  // namespace ramet::variables
