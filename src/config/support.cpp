#include "config/support.hpp"

#include "base/text.hpp"
#include "config/places.hpp"
#include "config/schema.hpp"
#include "config/support_rules.hpp"

#include <algorithm>

namespace ramet::config {
namespace {

constexpr std::string_view not_served =
    "this target is not served yet; `--target here` puts the environment on this machine";

std::span<const SupportRule> rules_of(TargetType target)
{
    return target == TargetType::kubernetes ? kubernetes_rules() : local_rules();
}

class Check {
public:
    Check(const ProjectFile& file, const SupportQuestion& question) : file_(file), question_(question) {}

    SupportReport run()
    {
        if (question_.target == TargetType::aws) {
            refuse("targets." + question_.declared_target + ".type",
                   fmt::format("{}: {}", ramet::to_string(question_.target), not_served));
            return std::move(report_);
        }
        for (const auto& key : file_.used_keys)
            if (matters(key.path)) check_key(key);
        for (const auto& service : file_.services)
            if (!service.is_helm && !service.is_manifests && matters("services." + service.name))
                check_program("services." + service.name, service.run.has_value(), !service.image.empty());
        for (const auto& job : file_.jobs) check_program("jobs." + job.name, job.run.has_value(), !job.image.empty());
        if (question_.target == TargetType::kubernetes && question_.planned == Planned::preview) {
            check_data();
            check_volumes();
        }
        return std::move(report_);
    }

private:
    /// Whether a key has to do with what is planned.
    bool matters(std::string_view path) const
    {
        const auto parts = split(path, '.');
        if (parts.front() == "previews") return question_.planned == Planned::preview;
        if (parts.front() == "targets") return parts.size() > 1 && parts[1] == question_.declared_target;
        if (parts.front() == "services" && parts.size() > 1) return !is_left_out(parts[1]);
        return true;
    }

    bool is_left_out(const std::string& service) const
    {
        if (question_.planned == Planned::base || !file_.previews) return false;
        const auto said = file_.previews->services.find(service);
        return std::ranges::count(file_.previews->share, service) > 0 ||
               (said != file_.previews->services.end() && said->second.replicas == 0);
    }

    /// On this machine a program is started by its command, on a cluster from its image.
    void check_program(const std::string& path, bool has_run, bool has_image)
    {
        if (question_.target == TargetType::local && !has_run)
            refuse(path, "it has no `run`: an image can be started on a cluster only");
        if (question_.target == TargetType::kubernetes && !has_image)
            refuse(path, "it has no `image`: images are not built for a cluster yet");
    }

    /// A database is cloned where nothing else is said.
    void check_data()
    {
        if (!file_.previews) return;
        for (const auto& database : file_.databases) {
            const auto said = file_.previews->data.find(database.name);
            const bool is_said = said != file_.previews->data.end();
            const bool clones =
                is_said ? said->second.strategy == DataStrategy::clone : database.type != DatabaseType::redis;
            if (clones)
                refuse(is_said ? "previews.data." + database.name : "databases." + database.name,
                       fmt::format("its data is not cloned on a cluster yet; say `strategy: seed` or `empty` under "
                                   "previews.data.{}",
                                   database.name));
        }
    }

    void check_volumes()
    {
        for (const auto& service : file_.services)
            for (const auto& volume : service.volumes)
                if (volume.clone && matters("services." + service.name))
                    refuse("services." + service.name + ".volumes",
                           fmt::format("the files of '{}' are not cloned on a cluster yet; without `clone: true` a "
                                       "preview begins with an empty volume",
                                       volume.name));
    }

    void check_key(const UnservedKey& key)
    {
        for (const auto& rule : rules_of(question_.target)) {
            if (!matches_pattern(rule.pattern, key.path) || !is_concerned(rule, key.path)) continue;
            const auto outcome = question_.placement == Placement::here ? rule.outcome_here : rule.outcome;
            if (outcome == Outcome::refused)
                refuse(key.path, std::string(rule.reason));
            else
                report_.not_applied.push_back({key.path, std::string(rule.reason), key.where});
        }
    }

    bool is_concerned(const SupportRule& rule, std::string_view path) const
    {
        if (rule.concerns == nullptr) return true;
        const auto pattern = split(rule.pattern, '.');
        const auto star = std::ranges::find(pattern, "*");
        const auto parts = split(path, '.');
        return rule.concerns(file_,
                             star == pattern.end() ? "" : parts[static_cast<std::size_t>(star - pattern.begin())]);
    }

    void refuse(const std::string& path, std::string reason)
    {
        auto error = error_at(file_, path, std::move(reason));
        error.kind = ErrorKind::refused;
        error.next_step = "`ramet config support` shows what each target serves";
        report_.refusals.push_back(std::move(error));
    }

    const ProjectFile& file_;
    const SupportQuestion& question_;
    SupportReport report_{};
};

std::string word_of(TargetType target, const std::string& pattern)
{
    for (const auto& rule : rules_of(target)) {
        const bool is_part = pattern == rule.pattern || pattern.starts_with(std::string(rule.pattern) + ".");
        if (!is_part) continue;
        const std::string which = rule.condition.empty() ? "" : " (" + std::string(rule.condition) + ")";
        return fmt::format("{}{}: {}", rule.outcome == Outcome::refused ? "no" : "not applied", which, rule.reason);
    }
    return "yes";
}

/// "not applied" of "not applied: why".
std::string short_word(const std::string& word)
{
    const auto end = word.find_first_of(":(");
    auto text = word.substr(0, end);
    while (text.ends_with(' ')) text.pop_back();
    return text;
}

std::string reasons_of(const SupportLine& line)
{
    if (line.local == line.kubernetes) return line.local == "yes" ? "" : line.local;
    std::string text;
    if (line.local != "yes") text = "local: " + line.local;
    if (line.kubernetes != "yes") text += fmt::format("{}kubernetes: {}", text.empty() ? "" : "; ", line.kubernetes);
    return text;
}

std::string trim_end(std::string text)
{
    while (text.ends_with(' ')) text.pop_back();
    return text;
}

}  // namespace

SupportReport check_supported(const ProjectFile& file, const SupportQuestion& question)
{
    return Check(file, question).run();
}

std::vector<SupportLine> support_table()
{
    std::vector<SupportLine> lines;
    for (const auto& pattern : all_key_patterns())
        lines.push_back({pattern, word_of(TargetType::local, pattern), word_of(TargetType::kubernetes, pattern), "no"});
    return lines;
}

std::string support_text()
{
    const auto lines = support_table();
    std::size_t widest = 0;
    for (const auto& line : lines) widest = std::max(widest, line.pattern.size());
    std::string text = fmt::format("{:<{}}  {:<11}  {:<11}  aws\n", "key", widest, "local", "kubernetes");
    for (const auto& line : lines)
        text += trim_end(fmt::format("{:<{}}  {:<11}  {:<11}  {:<3}  {}", line.pattern, widest, short_word(line.local),
                                     short_word(line.kubernetes), line.aws, reasons_of(line))) +
                "\n";
    return text;
}

}  // namespace ramet::config
