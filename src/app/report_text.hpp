#pragma once

#include "app/environments.hpp"
#include "clone/desired.hpp"
#include "forges/forge.hpp"

#include <optional>
#include <string>
#include <vector>

namespace ramet::app {

/// What names the pull request in the marker of its comment: "pr-42".
std::string pull_request_label(std::int64_t number);

/// What the comment on a pull request is made of. Pure data: the same report gives the same text.
struct PreviewReport {
    EnvironmentView view;
    /// How long the newest run took; not given while it runs.
    std::optional<Milliseconds> took{};
    /// The first failure, with evidence; redacted already.
    std::optional<Error> error{};
};

/// By it the comment is found again: "<!-- ramet:shop:pr-42 -->". `label` names the pull request, not the environment: whatever
/// the preview is called, and also where there is none, there is one comment.
std::string comment_marker(const std::string& project, const std::string& label);

/// The comment, beginning with its marker. What comes from the project or the pull request is escaped: it cannot make markup,
/// mention people or close code blocks.
std::string render_comment(const PreviewReport& report);

/// For a pull request that gets no preview: one comment that says why ("forks need …").
std::string render_refusal(const std::string& project, const std::string& label, const std::string& reason);

/// After the end: what was taken away, and the receipt's hash.
std::string render_farewell(const std::string& project, const std::string& label, const std::string& environment,
                            std::size_t resources, const std::string& receipt_hash);

forges::CommitStatus render_status(const EnvironmentView& view);

/// Text that Markdown shows as it is.
std::string escape_markdown(std::string_view text);

}  // namespace ramet::app
