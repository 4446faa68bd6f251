#include "config/support.hpp"

#include "base/text.hpp"
#include "config/places.hpp"
#include "config/schema.hpp"
#include "config/support_rules.hpp"

#include <algorithm>

namespace ramet::config {
namespace {

constexpr std::string_view no_cluster_yet =
    "this target is not served yet; `--target here` puts the environment on this machine";

class Check {
public:
    Check(const ProjectFile& file, const SupportQuestion& question) : file_(file), question_(question) {}

    SupportReport run()
    {
        if (question_.target != TargetType::local) {
            refuse("targets." + question_.declared_target + ".type",
                   fmt::format("{}: {}", ramet::to_string(question_.target), no_cluster_yet));
            return std::move(report_);
        }
        for (const auto& key : file_.used_keys)
            if (matters(key.path)) check_key(key);
        for (const auto& service : file_.services)
            if (!service.run && !service.is_helm && !service.is_manifests && matters("services." + service.name))
                refuse("services." + service.name, "it has no `run`: an image can be started on a cluster only");
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

    void check_key(const UnservedKey& key)
    {
        for (const auto& rule : local_rules()) {
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

std::string local_word(const std::string& pattern)
{
    for (const auto& rule : local_rules()) {
        const bool is_part = pattern == rule.pattern || pattern.starts_with(std::string(rule.pattern) + ".");
        if (!is_part) continue;
        const std::string which = rule.condition.empty() ? "" : " (" + std::string(rule.condition) + ")";
        return fmt::format("{}{}: {}", rule.outcome == Outcome::refused ? "no" : "not applied", which, rule.reason);
    }
    return "yes";
}

}  // namespace

SupportReport check_supported(const ProjectFile& file, const SupportQuestion& question)
{
    return Check(file, question).run();
}

std::vector<SupportLine> support_table()
{
    std::vector<SupportLine> lines;
    for (const auto& pattern : all_key_patterns()) lines.push_back({pattern, local_word(pattern), "no", "no"});
    return lines;
}

std::string support_text()
{
    const auto lines = support_table();
    std::size_t widest = 0;
    for (const auto& line : lines) widest = std::max(widest, line.pattern.size());
    std::string text = fmt::format("{:<{}}  kubernetes  aws  local\n", "key", widest);
    for (const auto& line : lines)
        text += fmt::format("{:<{}}  {:<10}  {:<3}  {}\n", line.pattern, widest, line.kubernetes, line.aws, line.local);
    return text;
}

}  // namespace ramet::config
