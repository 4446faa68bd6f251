#include "variables/input.hpp"

namespace ramet::variables {
namespace {

void add(std::vector<Candidate>& candidates, const Variables& variables, const Place& place, const std::string& path)
{
    for (const auto& variable : variables) candidates.push_back({variable, place, path + "." + variable.key});
}

}  // namespace

std::vector<Candidate> declared_in(const ProjectFile& file)
{
    std::vector<Candidate> candidates;
    add(candidates, file.vars, {Layer::base, Scope::project}, "vars");
    for (const auto& environment : file.environments)
        add(candidates, environment.vars, {Layer::base, Scope::environment, environment.name},
            "environments." + environment.name + ".vars");
    for (const auto& service : file.services)
        add(candidates, service.env, {Layer::base, Scope::service, "", service.name},
            "services." + service.name + ".env");
    for (const auto& job : file.jobs)
        add(candidates, job.env, {Layer::base, Scope::service, "", job.name}, "jobs." + job.name + ".env");
    if (!file.previews) return candidates;
    add(candidates, file.previews->vars, {Layer::previews, Scope::project}, "previews.vars");
    for (const auto& [name, said] : file.previews->services)
        add(candidates, said.env, {Layer::previews, Scope::service, "", name}, "previews.services." + name + ".env");
    return candidates;
}

bool concerns(const Place& place, const ResolutionInput& input, std::string_view reader)
{
    const bool is_preview = input.kind == ReaderKind::preview;
    if (place.layer != Layer::base && !is_preview) return false;
    if (place.scope == Scope::service && place.service != reader) return false;
    const auto& lives_in = place.layer == Layer::base && is_preview ? input.base : input.environment;
    return place.environment.empty() ? place.layer != Layer::preview : place.environment == lives_in;
}

}  // namespace ramet::variables
