#include "clone/difference.hpp"
#include "variables/segments.hpp"
#include "variables/winner.hpp"

#include <algorithm>
#include <set>

namespace ramet::clone {
namespace {

using Env = std::vector<ResolvedVariable>;

/// Values with what every environment has of its own replaced by its meaning, so that equal meanings compare equal.
class Neutral {
public:
    explicit Neutral(const DesiredEnvironment& environment)
    {
        for (const auto& database : environment.databases) passwords_.emplace_back(database.password, database.name);
        for (const auto& service : environment.services)
            for (const auto& host : service.public_hosts) hosts_.emplace_back(host, service.name);
    }

    ResolvedValue of(const ResolvedValue& value) const
    {
        ResolvedValue result;
        for (const auto& segment : value) variables::append(result, {of_segment(segment)});
        return result;
    }

private:
    Segment of_segment(const Segment& segment) const
    {
        if (const auto* secret = std::get_if<SecretReference>(&segment))
            for (const auto& [password, database] : passwords_)
                if (*secret == password) return OutputReference{"database/" + database, "password"};
        const auto* literal = std::get_if<std::string>(&segment);
        if (literal == nullptr) return segment;
        auto text = *literal;
        for (const auto& [host, service] : hosts_)
            for (auto at = text.find(host); at != std::string::npos; at = text.find(host, at + 1))
                text.replace(at, host.size(), "{host of " + service + "}");
        return text;
    }

    std::vector<std::pair<SecretReference, std::string>> passwords_{};
    std::vector<std::pair<std::string, std::string>> hosts_{};
};

std::map<std::string, const Env*> environments_of(const DesiredEnvironment& environment)
{
    std::map<std::string, const Env*> result;
    for (const auto& service : environment.services)
        if (service.treatment == Treatment::rebuilt || service.treatment == Treatment::copied)
            result[service.name] = &service.env;
    for (const auto& job : environment.jobs) result[job.name] = &job.env;
    return result;
}

const ResolvedValue* find(const Env& env, const std::string& key)
{
    const auto found = std::ranges::find(env, key, &ResolvedVariable::key);
    return found == env.end() ? nullptr : &found->value;
}

class Comparison {
public:
    Comparison(const DesiredEnvironment& before, const DesiredEnvironment& after,
               const variables::ResolutionInput* reasons)
        : before_(before), after_(after)
    {
        if (reasons != nullptr) candidates_.emplace(*reasons);
    }

    void compare(const std::string& service, const Env& before, const Env& after)
    {
        std::set<std::string> keys;
        for (const auto& variable : before) keys.insert(variable.key);
        for (const auto& variable : after) keys.insert(variable.key);
        for (const auto& key : keys) compare_key(service, key, find(before, key), find(after, key));
    }

    std::vector<VariableChange> take() { return std::move(changes_); }

private:
    void compare_key(const std::string& service, const std::string& key, const ResolvedValue* before,
                     const ResolvedValue* after)
    {
        const bool is_same = before != nullptr && after != nullptr &&
                             (before_.of(*before) == after_.of(*after) || is_generated(service, key, *before));
        if (is_same) return;
        changes_.push_back({.service = service,
                            .key = key,
                            .kind = before == nullptr  ? ChangeKind::added
                                    : after == nullptr ? ChangeKind::removed
                                                       : ChangeKind::changed,
                            .before = before == nullptr ? "" : variables::describe(*before),
                            .after = after == nullptr ? "" : variables::describe(*after),
                            .why = reason(service, key)});
    }

    /// A generated value is another one in every environment; that is no difference worth telling.
    bool is_generated(const std::string& service, const std::string& key, const ResolvedValue& before) const
    {
        const auto* winner = candidates_ ? candidates_->winner(key, service) : nullptr;
        return winner != nullptr && std::holds_alternative<GeneratedValue>(winner->variable.value) &&
               before.size() == 1;
    }

    std::string reason(const std::string& service, const std::string& key) const
    {
        if (!candidates_) return {};
        const auto* winner = candidates_->winner(key, service);
        if (winner == nullptr) return "nothing declares it any more";
        const auto& where = winner->variable.where;
        const auto place = variables::describe(winner->place);
        const auto shown = std::holds_alternative<UnsetValue>(winner->variable.value) ? "unset by " + place : place;
        if (!where.set_by.empty()) return fmt::format("{} (set by {})", shown, where.set_by);
        return where.line > 0 ? fmt::format("{} ({}:{}:{})", shown, where.file, where.line, where.column) : shown;
    }

    Neutral before_;
    Neutral after_;
    std::optional<variables::Candidates> candidates_{};
    std::vector<VariableChange> changes_{};
};

}  // namespace

std::vector<VariableChange> compare_variables(const DesiredEnvironment& before, const DesiredEnvironment& after,
                                              const variables::ResolutionInput* reasons)
{
    Comparison comparison(before, after, reasons);
    const auto old_environments = environments_of(before);
    for (const auto& [name, env] : environments_of(after))
        if (const auto old = old_environments.find(name); old != old_environments.end())
            comparison.compare(name, *old->second, *env);
    return comparison.take();
}

}  // namespace ramet::clone
