#pragma once

#include "base/error.hpp"
#include "domain/project_file.hpp"

#include <string>
#include <vector>

namespace ramet::config {

enum class Planned : std::uint8_t { base, preview };
enum class Placement : std::uint8_t { as_declared, here };

/// What is to be planned: only keys that matter to it are looked at.
struct SupportQuestion {
    TargetType target = TargetType::local;         ///< where it really goes: with `here`, local
    Placement placement = Placement::as_declared;  ///< here: `--target here`
    std::string declared_target{};                 ///< the target that the file names for it
    Planned planned = Planned::preview;
};

/// A key that is said and has no effect here.
struct NotApplied {
    std::string path;
    std::string reason;
    Provenance where{};
    friend bool operator==(const NotApplied&, const NotApplied&) = default;
};

struct SupportReport {
    std::vector<Error> refusals{};          ///< kind `refused`, `where` is "file:line:column"
    std::vector<NotApplied> not_applied{};  ///< listed by `plan`
};

/// Which keys of a file the target does not serve. Nothing is silently ignored: a key is served, listed or refused.
SupportReport check_supported(const ProjectFile& file, const SupportQuestion& question);

/// One line of `ramet config support`.
struct SupportLine {
    std::string pattern;
    std::string local;  ///< "yes", or "no: why", or "not applied: why"
    std::string kubernetes;
    std::string aws;
};
std::vector<SupportLine> support_table();
/// For the terminal.
std::string support_text();

}  // namespace ramet::config
