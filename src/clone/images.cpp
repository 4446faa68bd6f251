#include "clone/images.hpp"

#include "domain/interpolation.hpp"

#include <map>

namespace ramet::clone {
namespace {

/// What the images of one service or job are filled from.
struct Facts {
    const DesiredEnvironment& desired;
    const Revision& revision;
    const CommitSha& commit;
    const std::string& name;
};

Result<std::string> text_of(const Placeholder& placeholder, const Facts& facts)
{
    switch (placeholder.kind) {
    case PlaceholderKind::git_sha: return facts.commit.str();
    case PlaceholderKind::git_short_sha: return facts.commit.str().substr(0, 7);
    case PlaceholderKind::git_branch: return facts.revision.branch;
    case PlaceholderKind::env: return facts.desired.name;
    case PlaceholderKind::project: return facts.desired.project_name;
    case PlaceholderKind::service: return facts.name;
    case PlaceholderKind::pr_number:
        if (facts.revision.pull_request) return std::to_string(facts.revision.pull_request->number);
        return fail(ErrorKind::refused, "the image of {} has ${{pr.number}}, and {} is of no pull request", facts.name,
                    facts.desired.name);
    default: break;
    }
    return fail(ErrorKind::refused, "the image of {} has {}, which is not known here", facts.name,
                to_string(placeholder));
}

Result<std::string> fill(const std::string& image, const Facts& facts)
{
    std::string text;
    for (const auto& piece : TRY(parse_interpolation_at(InterpolationPlace::image, image))) {
        const auto* literal = std::get_if<std::string>(&piece);
        text += literal != nullptr ? *literal : TRY(text_of(std::get<Placeholder>(piece), facts));
    }
    return text;
}

void fill_in(std::string& image, const Facts& facts, Cloned& cloned)
{
    auto filled = fill(image, facts);
    if (filled)
        image = *std::move(filled);
    else
        cloned.refusals.push_back(std::move(filled.error()));
}

}  // namespace

void fill_images(Cloned& cloned, const Revision& revision, const CommitSha& base_commit)
{
    auto& desired = cloned.desired;
    if (desired.target_type == TargetType::local) return;
    std::map<std::string, std::string> of_base;  // Service: its image as it is written.
    for (auto& service : desired.services) {
        const bool is_the_bases = service.treatment == Treatment::copied && service.declared.build;
        if (is_the_bases) of_base.emplace(service.name, service.declared.image);
        fill_in(service.declared.image, {desired, revision, is_the_bases ? base_commit : revision.commit, service.name},
                cloned);
    }
    // Nobody builds for a job what is not built for the service that it was made from.
    for (auto& job : desired.jobs) {
        const auto service = of_base.find(job.declared.from);
        const bool is_the_bases = service != of_base.end() && service->second == job.declared.image;
        fill_in(job.declared.image, {desired, revision, is_the_bases ? base_commit : revision.commit, job.name},
                cloned);
    }
}

}  // namespace ramet::clone
