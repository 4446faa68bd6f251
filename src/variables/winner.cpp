#include "variables/winner.hpp"

#include <algorithm>

namespace ramet::variables {
namespace {

template <typename Thing>
std::vector<const Thing*> concerning(const std::map<std::string_view, std::vector<const Thing*>>& index,
                                     std::string_view name, const ResolutionInput& input, std::string_view reader)
{
    std::vector<const Thing*> found;
    if (const auto entry = index.find(name); entry != index.end())
        std::ranges::copy_if(entry->second, std::back_inserter(found),
                             [&](const Thing* thing) { return concerns(thing->place, input, reader); });
    std::ranges::stable_sort(found, std::greater{}, [](const Thing* thing) { return rank_of(*thing); });
    return found;
}

}  // namespace

Rank rank_of(const Candidate& candidate)
{
    return {candidate.place.layer, candidate.place.scope,
            candidate.variable.where.set_by.empty() ? Source::file : Source::person};
}

Rank rank_of(const SecretCandidate& candidate)
{
    return {candidate.place.layer, candidate.place.scope, Source::person};
}

Candidates::Candidates(const ResolutionInput& input) : input_(input)
{
    for (const auto& candidate : input.variables) by_key_[candidate.variable.key].push_back(&candidate);
    for (const auto& candidate : input.secrets) by_secret_[candidate.reference.name].push_back(&candidate);
}

std::vector<const Candidate*> Candidates::of_key(std::string_view key, std::string_view reader) const
{
    return concerning(by_key_, key, input_, reader);
}

std::vector<const SecretCandidate*> Candidates::of_secret(std::string_view name, std::string_view reader) const
{
    return concerning(by_secret_, name, input_, reader);
}

const Candidate* Candidates::winner(std::string_view key, std::string_view reader) const
{
    const auto found = of_key(key, reader);
    return found.empty() ? nullptr : found.front();
}

const SecretCandidate* Candidates::secret(std::string_view name, std::string_view reader) const
{
    for (const auto* candidate : of_secret(name, reader))
        if (!is_withheld(*candidate)) return candidate;
    return nullptr;
}

bool Candidates::is_withheld(const SecretCandidate& candidate) const
{
    return candidate.is_protected && input_.kind == ReaderKind::preview;
}

std::vector<std::string_view> Candidates::keys_of(std::string_view reader) const
{
    std::vector<std::string_view> keys;
    for (const auto& [key, candidates] : by_key_)
        if (std::ranges::any_of(candidates,
                                [&](const auto* candidate) { return concerns(candidate->place, input_, reader); }))
            keys.push_back(key);
    return keys;
}

}  // namespace ramet::variables
