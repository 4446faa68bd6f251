#include "clone/clone.hpp"

#include "clone/assemble.hpp"
#include "clone/builds.hpp"
#include "clone/databases.hpp"
#include "clone/images.hpp"
#include "clone/trust.hpp"
#include "domain/interpolation.hpp"

#include <algorithm>

namespace ramet::clone {
namespace {

/// What both kinds of environments have in common.
DesiredEnvironment begin(const ProjectFile& file, const Surroundings& around, const Revision& revision,
                         const std::string& declared_target)
{
    DesiredEnvironment desired{.id = around.id,
                               .project = around.project,
                               .project_name = file.project,
                               .name = {},
                               .generation = around.generation,
                               .target = around.placement == Placement::here ? "here" : declared_target,
                               .repository_url = revision.repository_url,
                               .commit = revision.commit,
                               .branch = revision.branch,
                               .power = around.power};
    if (revision.pull_request) desired.pull_request = revision.pull_request->number;
    const auto* target = file.find_target(desired.target);
    if (target == nullptr) return desired;
    if (!target->domain.empty()) desired.domain = target->domain;
    desired.target_type = target->type;
    if (target->type != TargetType::local) desired.target_keys = target->other;
    return desired;
}

Treatment treatment_of(const CloneInput& input, const PreviewPolicy& policy, const Service& service,
                       const std::string& hash)
{
    if (std::ranges::count(policy.share, service.name) > 0) return Treatment::shared;
    const auto said = policy.services.find(service.name);
    if (said != policy.services.end() && said->second.replicas == 0) return Treatment::skipped;
    const auto* in_base = input.trusted.find_service(service.name);
    if (!policy.deploy.changed_only || in_base == nullptr) return Treatment::rebuilt;
    const auto base_hash = input_hash(in_base->build, tree_of(input.base_trees, service.name), input.base_commit);
    return hash == base_hash && service.image == in_base->image ? Treatment::copied : Treatment::rebuilt;
}

DesiredService preview_service(const CloneInput& input, const PreviewPolicy& policy, Service service)
{
    const auto hash = input_hash(service.build, tree_of(input.preview_trees, service.name), input.revision.commit);
    const auto treatment = treatment_of(input, policy, service, hash);
    if (const auto said = policy.services.find(service.name); said != policy.services.end()) {
        const auto& override = said->second;
        if (override.replicas) service.replicas = *override.replicas;
        if (override.resources.cpu_millis) service.resources.cpu_millis = override.resources.cpu_millis;
        if (override.resources.memory_bytes) service.resources.memory_bytes = override.resources.memory_bytes;
    }
    return {.name = service.name, .declared = std::move(service), .treatment = treatment, .input_hash = hash};
}

std::vector<DesiredJob> jobs_of(const ProjectFile& file, const TreeHashes& trees, const CommitSha& commit)
{
    std::vector<DesiredJob> jobs;
    for (const auto& job : file.jobs)
        jobs.push_back(
            {.name = job.name, .declared = job, .input_hash = input_hash(job.build, tree_of(trees, job.name), commit)});
    return jobs;
}

void check_shared_services(const CloneInput& input, Cloned& cloned)
{
    for (const auto& service : cloned.desired.services)
        if (service.treatment == Treatment::shared && !input.shared.contains(service.name))
            cloned.refusals.push_back(
                {.kind = ErrorKind::refused,
                 .message = fmt::format("previews.share: {} has no running '{}' that could be shared", input.base.name,
                                        service.name),
                 .next_step = "bring the base up first"});
}

std::string piece_text(const InterpolationPiece& piece, const std::string& project, const Revision& revision)
{
    if (const auto* literal = std::get_if<std::string>(&piece)) return *literal;
    switch (std::get<Placeholder>(piece).kind) {
    case PlaceholderKind::pr_number: return revision.pull_request ? std::to_string(revision.pull_request->number) : "";
    case PlaceholderKind::pr_author: return revision.pull_request ? revision.pull_request->author : "";
    case PlaceholderKind::git_branch: return revision.branch;
    case PlaceholderKind::git_short_sha: return revision.commit.str().substr(0, 7);
    case PlaceholderKind::project: return project;
    default: return "";
    }
}

}  // namespace

std::string preview_name(const PreviewPolicy& policy, const std::string& project, const Revision& revision)
{
    if (!revision.pull_request)
        return preview_name_of_branch(revision.branch.empty() ? revision.commit.str().substr(0, 7) : revision.branch);
    std::string text;
    const auto pieces = parse_interpolation_at(InterpolationPlace::preview_name, policy.name_pattern);
    if (pieces)
        for (const auto& piece : *pieces) text += piece_text(piece, project, revision);
    return preview_name_of_branch(text.empty() ? "pr-" + std::to_string(revision.pull_request->number) : text);
}

Cloned clone_for_preview(const CloneInput& input)
{
    Cloned cloned;
    cloned.file = combine(input.trusted, input.proposed, cloned.notes);
    const auto policy = cloned.file.previews.value_or(PreviewPolicy{});
    auto& desired = cloned.desired;
    desired =
        begin(cloned.file, input.around, input.revision, policy.target.empty() ? input.base.target : policy.target);
    desired.name = input.name.empty() ? preview_name(policy, cloned.file.project, input.revision) : input.name;
    desired.origin = EnvironmentOrigin::preview;
    desired.base = input.base.id;
    desired.deploy = policy.deploy;
    for (const auto& service : cloned.file.services)
        desired.services.push_back(preview_service(input, policy, service));
    desired.jobs = jobs_of(cloned.file, input.preview_trees, input.revision.commit);
    desired.databases = databases_of_preview(input, cloned);
    check_shared_services(input, cloned);
    fill_images(cloned, input.revision, input.base_commit);

    const Assembly assembly{.around = input.around,
                            .kind = variables::ReaderKind::preview,
                            .base = input.base.name,
                            .secrets_access = input.secrets_access,
                            .revision = input.revision,
                            .shared = input.shared};
    assign_hosts(cloned, assembly);
    drop_what_is_absent(cloned);
    resolve(cloned, assembly);
    return cloned;
}

Cloned desired_of_base(const BaseInput& input)
{
    Cloned cloned;
    cloned.file = input.file;
    const auto* declared = input.file.find_environment(input.environment);
    auto& desired = cloned.desired;
    desired = begin(input.file, input.around, input.revision, declared == nullptr ? "here" : declared->target);
    desired.name = input.environment;
    desired.pull_request = 0;
    if (declared == nullptr)
        cloned.refusals.push_back({.kind = ErrorKind::not_found,
                                   .message = fmt::format("the file declares no environment '{}'", input.environment)});
    for (const auto& service : input.file.services)
        desired.services.push_back(
            {.name = service.name,
             .declared = service,
             .treatment = Treatment::rebuilt,
             .input_hash = input_hash(service.build, tree_of(input.trees, service.name), input.revision.commit)});
    desired.jobs = jobs_of(input.file, input.trees, input.revision.commit);
    desired.databases = databases_of_base(input, cloned);

    auto revision = input.revision;
    revision.pull_request.reset();
    fill_images(cloned, revision, revision.commit);
    const Assembly assembly{.around = input.around, .revision = revision};
    assign_hosts(cloned, assembly);
    drop_what_is_absent(cloned);
    resolve(cloned, assembly);
    return cloned;
}

}  // namespace ramet::clone
