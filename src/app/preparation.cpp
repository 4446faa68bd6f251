#include "app/preparation.hpp"

#include "app/clone_inputs.hpp"
#include "app/generated.hpp"
#include "app/reach.hpp"
#include "base/text.hpp"
#include "clone/clone.hpp"
#include "clone/desired_json.hpp"
#include "config/parse.hpp"
#include "config/support.hpp"

#include <algorithm>
#include <iterator>

namespace ramet::app {

namespace {

/// Public hosts of the clone that another project holds.
Result<std::set<std::string>> taken_hosts(App& app, const Wanted& wanted, const DesiredEnvironment& desired)
{
    std::set<std::string> taken;
    for (const auto& service : desired.services)
        for (const auto& host : service.public_hosts) {
            const auto holder = TRY(app.stores.hosts.find(host));
            if (holder && holder->project != wanted.project.name) taken.insert(host);
        }
    return taken;
}

/// Clones up to three times: the first tells which hosts are taken and what has to be generated, the last has all of it.
template <typename Input, typename Make>
Result<clone::Cloned> clone_with_generated(App& app, const Wanted& wanted, Generating generating, Input& input,
                                           const Make& make)
{
    auto cloned = make(input);
    input.around.taken_hosts = TRY(taken_hosts(app, wanted, cloned.desired));
    if (!input.around.taken_hosts.empty()) cloned = make(input);
    for (int round = 0; round < 2 && (!cloned.wanted.empty() || !cloned.wanted_passwords.empty()); ++round) {
        TRY(fill_generated(app, wanted.environment, cloned, generating, input.around.stored));
        cloned = make(input);
    }
    return cloned;
}

config::SupportQuestion question_of(const Wanted& wanted, TargetType target_type)
{
    config::SupportQuestion question;
    question.placement = wanted.project.target_here ? config::Placement::here : config::Placement::as_declared;
    question.declared_target = wanted.environment.target;
    question.target = target_type;
    question.planned = wanted.base ? config::Planned::preview : config::Planned::base;
    return question;
}

/// What this target does not serve is refused in words; what `--target here` leaves aside is listed.
void check_support(const Wanted& wanted, Prepared& prepared)
{
    auto support = config::check_supported(prepared.cloned.file, question_of(wanted, prepared.desired.target_type));
    std::ranges::move(support.refusals, std::back_inserter(prepared.refusals));
    for (const auto& key : support.not_applied)
        prepared.not_applied.push_back(
            {key.path, key.reason, fmt::format("{}:{}:{}", key.where.file, key.where.line, key.where.column)});
}

/// What cannot be reached from here is told before anything is made.
void check_reachable(App& app, Prepared& prepared)
{
    const auto* target = prepared.cloned.file.find_target(prepared.desired.target);
    if (target == nullptr) return;
    auto reachable = app.target.check_reachable(*target);
    if (!reachable)
        prepared.refusals.push_back(fail_in(std::move(reachable.error()), "targets." + target->name).error());
}

Prepared prepared_of(App& app, const Wanted& wanted, clone::Cloned cloned)
{
    Prepared prepared{.desired = cloned.desired, .notes = cloned.notes, .refusals = cloned.refusals};
    if (cloned.file.previews) prepared.policy = *cloned.file.previews;
    prepared.cloned = std::move(cloned);
    check_support(wanted, prepared);
    // A target that is not served is refused already.
    if (prepared.refusals.empty()) check_reachable(app, prepared);
    return prepared;
}

Result<Prepared> prepare_base(App& app, const Wanted& wanted, Generating generating)
{
    auto input = TRY(base_input(app, wanted));
    auto cloned = TRY(clone_with_generated(app, wanted, generating, input, clone::desired_of_base));
    return prepared_of(app, wanted, std::move(cloned));
}

Result<Prepared> prepare_preview(App& app, const Wanted& wanted, Generating generating)
{
    auto input = TRY(preview_input(app, wanted));
    auto cloned = TRY(clone_with_generated(app, wanted, generating, input, clone::clone_for_preview));
    auto prepared = prepared_of(app, wanted, std::move(cloned));
    prepared.base = TRY(load_desired(app, wanted.base->id));
    const auto reaches = TRY(find_reaches(app, wanted, prepared));
    prepared.refusals.insert(prepared.refusals.end(), reaches.begin(), reaches.end());
    return prepared;
}

}  // namespace

Result<ProjectFile> parse_file(const std::string& text, const std::string& name)
{
    auto parsed = config::parse_project_file_fully(text, name);
    if (parsed) return std::move(*parsed);
    auto first = parsed.error().front();
    std::vector<std::string> lines;
    for (const auto& error : parsed.error()) lines.push_back(error.where + ": " + error.message);
    if (lines.size() > 1) first.evidence = join(lines, "\n");
    return std::unexpected(std::move(first));
}

Result<Prepared> prepare(App& app, const Wanted& wanted, Generating generating)
{
    return wanted.base ? prepare_preview(app, wanted, generating) : prepare_base(app, wanted, generating);
}

Result<std::optional<DesiredEnvironment>> load_desired(App& app, const EnvironmentId& id)
{
    const auto stored = TRY(app.stores.environments.get_desired(id));
    if (stored.text.empty()) return std::nullopt;
    const auto value = TRY(parse_json(stored.text));
    return TRY(desired_from_json(value));
}

Result<Wanted> load_wanted(App& app, const EnvironmentId& id)
{
    Wanted wanted;
    wanted.environment = TRY(app.stores.environments.get(id));
    wanted.project = TRY(app.stores.projects.get(wanted.environment.project));
    if (!wanted.environment.base.empty()) wanted.base = TRY(app.stores.environments.get(wanted.environment.base));
    wanted.previous = TRY(load_desired(app, id));
    return wanted;
}

}  // namespace ramet::app
