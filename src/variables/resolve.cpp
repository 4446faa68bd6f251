#include "variables/resolve.hpp"

#include "base/text.hpp"
#include "variables/reader.hpp"

namespace ramet::variables {
namespace {

std::string describe(const MissingSecret& missing)
{
    return fmt::format("{} (for {}{})", missing.name, join(missing.needed_by, ", "),
                       missing.is_withheld ? "; the one that exists is protected and stays out of previews" : "");
}

}  // namespace

Resolution resolve_variables(const ResolutionInput& input)
{
    Resolution resolution;
    const Candidates candidates(input);
    Findings findings(resolution);
    for (const auto& name : input.readers) {
        Reader reader(input, candidates, name, findings);
        auto& values = resolution.values[name];
        for (const auto key : candidates.keys_of(name))
            if (auto value = reader.resolve(key)) values.emplace(key, std::move(*value));
    }
    for (const auto& [needed_by, name] : input.needed_secrets) {
        if (const auto* found = candidates.secret(name, {}))
            resolution.needed_secrets.emplace(needed_by, found->reference);
        else
            findings.miss_secret(name, needed_by, !candidates.of_secret(name, {}).empty());
    }
    findings.finish();
    return resolution;
}

std::vector<Error> problems_of(const Resolution& resolution, ReaderKind reader)
{
    auto problems = resolution.errors;
    if (resolution.missing_secrets.empty()) return problems;
    std::vector<std::string> described;
    for (const auto& missing : resolution.missing_secrets) described.push_back(describe(missing));
    problems.push_back({.kind = ErrorKind::refused,
                        .message = fmt::format("{} missing: {}", described.size() == 1 ? "a secret is" : "secrets are",
                                               join(described, ", ")),
                        .next_step = fmt::format(
                            "set {} with `ramet secret set {}{}", described.size() == 1 ? "it" : "each",
                            resolution.missing_secrets.front().name,
                            reader == ReaderKind::preview ? " --previews` (or in the scope where it belongs)" : "`")});
    return problems;
}

}  // namespace ramet::variables
