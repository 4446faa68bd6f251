#include "clone/difference.hpp"

#include "base/text.hpp"
#include "clone/hosts.hpp"

#include <algorithm>

namespace ramet::clone {
namespace {

template <typename Thing>
const Thing* find(const std::vector<Thing>& things, const std::string& name)
{
    const auto found = std::ranges::find(things, name, &Thing::name);
    return found == things.end() ? nullptr : &*found;
}

/// A declaration without places and variables: the former say nothing, the latter are compared when they are resolved.
template <typename Declared>
Declared bare(Declared declared)
{
    declared.where = {};
    declared.env.clear();
    return declared;
}

template <typename Part>
std::vector<std::string> changes_of(const Part& before, const Part& after)
{
    std::vector<std::string> changes;
    if (before.input_hash != after.input_hash) changes.emplace_back("what it is built from changed");
    if (before.env != after.env) changes.emplace_back("its variables changed");
    if (bare(before.declared) != bare(after.declared)) changes.emplace_back("its declaration changed");
    return changes;
}

/// What is left of a service when everything that has its own words is taken away: what people asked for.
DesiredService rest(DesiredService service)
{
    service.declared = {};
    service.env.clear();
    service.public_hosts.clear();
    service.treatment = Treatment::rebuilt;
    service.input_hash.clear();
    return service;
}

std::string reason_of_treatment(const DesiredService& service, const Known& known)
{
    switch (service.treatment) {
    case Treatment::shared: return fmt::format("the instance of {} is used", known.base_name);
    case Treatment::skipped: return "left out of previews (replicas: 0)";
    case Treatment::copied: return fmt::format("the same inputs as in {}", known.base_name);
    case Treatment::rebuilt: break;
    }
    if (known.base == nullptr) return {};
    return find(known.base->services, service.name) == nullptr
               ? fmt::format("{} has no such service", known.base_name)
               : fmt::format("its inputs differ from {}'s", known.base_name);
}

ServiceLine line_of(const DesiredService& service, const Known& known)
{
    ServiceLine line{.name = service.name, .treatment = service.treatment, .why = reason_of_treatment(service, known)};
    for (const auto& host : service.public_hosts) line.urls.push_back(public_url(known.public_address, host));
    const auto* before = known.previous == nullptr ? nullptr : find(known.previous->services, service.name);
    if (before == nullptr) return line;
    auto changes = changes_of(*before, service);
    if (before->public_hosts != service.public_hosts) changes.emplace_back("its host changed");
    if (changes.empty() && rest(*before) != rest(service)) changes.emplace_back("it is started anew");
    // Whether it is built or copied says where its artefact comes from, not that it differs; shared and skipped do.
    const auto runs = [](Treatment treatment) {
        return treatment == Treatment::rebuilt || treatment == Treatment::copied;
    };
    if (before->treatment != service.treatment && !(runs(before->treatment) && runs(service.treatment)))
        changes.push_back(fmt::format("it was {}", to_string(before->treatment)));
    line.action = changes.empty() ? Action::keep : Action::update;
    line.why = changes.empty() ? "nothing changed" : join(changes, ", ");
    return line;
}

std::string age_text(Milliseconds age)
{
    const auto minutes = std::chrono::duration_cast<std::chrono::minutes>(age);
    return format_duration(minutes.count() > 0 ? Milliseconds(minutes)
                                               : std::chrono::duration_cast<std::chrono::seconds>(age)) +
           " old";
}

std::string text_of(const DesiredDatabase& database, const Known& known)
{
    const auto source =
        database.policy.from.empty() ? known.base_name : database.policy.from.substr(0, database.policy.from.find('@'));
    const auto age = known.golden_ages.find(database.name);
    switch (database.strategy) {
    case DataStrategy::clone:
        return fmt::format("clone of {}, {}", source,
                           age == known.golden_ages.end() ? "a golden copy is made first" : age_text(age->second));
    case DataStrategy::seed: return "new, seeded";
    case DataStrategy::empty: return "new, empty";
    case DataStrategy::shared: return fmt::format("the instance of {} is used", known.base_name);
    }
    return {};
}

DatabaseLine line_of(const DesiredDatabase& database, const Known& known)
{
    DatabaseLine line{.name = database.name, .strategy = database.strategy, .text = text_of(database, known)};
    const auto* before = known.previous == nullptr ? nullptr : find(known.previous->databases, database.name);
    if (before == nullptr) return line;
    auto declared = before->declared;
    declared.where = database.declared.where;
    if (declared != database.declared) {
        line.action = Action::update;
        line.text = fmt::format("its declaration changed ({} {} → {} {})", to_string(declared.type), declared.version,
                                to_string(database.declared.type), database.declared.version);
    } else if (database.policy.on_push == OnPush::reset && known.is_push && database.strategy != DataStrategy::shared) {
        line.action = Action::update;
        line.text = "reset on push: " + line.text;
    } else {
        line.action = Action::keep;
        line.text = "kept with its data";
    }
    return line;
}

JobLine line_of(const DesiredJob& job, const Known& known)
{
    JobLine line{.name = job.name, .when = job.declared.when, .why = "first time"};
    const auto* before = known.previous == nullptr ? nullptr : find(known.previous->jobs, job.name);
    if (before == nullptr) return line;
    const auto changes = changes_of(*before, job);
    const bool is_each_time =
        job.declared.when == JobMoment::after_ready || job.declared.when == JobMoment::before_delete;
    const bool is_once = job.declared.when == JobMoment::seed || job.declared.when == JobMoment::after_create;
    line.action = is_each_time || (!is_once && !changes.empty()) ? Action::update : Action::keep;
    line.why = is_each_time      ? "runs each time"
               : is_once         ? "has run already"
               : changes.empty() ? "nothing changed"
                                 : join(changes, ", ");
    return line;
}

template <typename Line, typename Part>
std::vector<Line> lines_of(const std::vector<Part>& parts, const Known& known)
{
    std::vector<Line> lines;
    for (const auto& part : parts) lines.push_back(line_of(part, known));
    return lines;
}

template <typename Line, typename Part>
void add_removed(std::vector<Line>& lines, const std::vector<Part>& before, const std::vector<Part>& after)
{
    for (const auto& part : before) {
        if (find(after, part.name) != nullptr) continue;
        Line line{.name = part.name};
        line.action = Action::remove;
        lines.push_back(std::move(line));
    }
}

}  // namespace

std::vector<ServiceLine> compare_services(const Cloned& cloned, const Known& known)
{
    auto lines = lines_of<ServiceLine>(cloned.desired.services, known);
    if (known.previous != nullptr) add_removed(lines, known.previous->services, cloned.desired.services);
    return lines;
}

std::vector<DatabaseLine> compare_databases(const Cloned& cloned, const Known& known)
{
    auto lines = lines_of<DatabaseLine>(cloned.desired.databases, known);
    if (known.previous != nullptr) add_removed(lines, known.previous->databases, cloned.desired.databases);
    return lines;
}

std::vector<JobLine> compare_jobs(const Cloned& cloned, const Known& known)
{
    return lines_of<JobLine>(cloned.desired.jobs, known);
}

std::string_view to_string(Action action)
{
    switch (action) {
    case Action::create: return "create";
    case Action::update: return "update";
    case Action::keep: return "keep";
    case Action::remove: return "remove";
    }
    return {};
}

std::string_view to_string(ChangeKind kind)
{
    switch (kind) {
    case ChangeKind::added: return "added";
    case ChangeKind::removed: return "removed";
    case ChangeKind::changed: return "changed";
    }
    return {};
}

}  // namespace ramet::clone
