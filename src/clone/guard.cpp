#include "clone/guard.hpp"

#include "base/text.hpp"

#include <algorithm>

namespace ramet::clone {
namespace {

// Stand-ins for what is known only later. The host cannot exist (RFC 6761), so no fingerprint is ever equal to it.
constexpr std::string_view own_host = "own.invalid";
constexpr std::string_view own_port = "1";
constexpr std::string_view hidden_secret = "*";

std::string rendered(const ResolvedValue& value)
{
    std::string text;
    for (const auto& segment : value) {
        if (const auto* literal = std::get_if<std::string>(&segment))
            text += *literal;
        else if (const auto* output = std::get_if<OutputReference>(&segment))
            text += output->output == "port" ? own_port : own_host;
        else
            text += hidden_secret;
    }
    return text;
}

class Guard {
public:
    explicit Guard(const GuardInput& input)
        : input_(input), own_{std::string(own_host) + ":" + std::string(own_port)},
          rules_{input.protected_environments, own_, input.keyed_hash}
    {
    }

    GuardReport inspect()
    {
        for (const auto& service : input_.desired.services) {
            for (const auto& variable : service.env) inspect_variable(service.name, variable);
            inspect_hosts(service);
        }
        for (const auto& job : input_.desired.jobs)
            for (const auto& variable : job.env) inspect_variable(job.name, variable);
        if (!input_.protected_base.empty()) inspect_shared();
        return std::move(report_);
    }

private:
    void inspect_variable(const std::string& service, const ResolvedVariable& variable)
    {
        std::set<Reach> reaches;
        const auto found = find_reach(rendered(variable.value), rules_);
        reaches.insert(found.begin(), found.end());
        for (const auto& segment : variable.value)
            if (const auto* secret = std::get_if<SecretReference>(&segment)) inspect_secret(*secret, reaches);
        for (const auto& reach : reaches) note({service, variable.key, reach});
    }

    void inspect_secret(const SecretReference& secret, std::set<Reach>& reaches) const
    {
        const auto finding = input_.secrets.find({secret.id, secret.version});
        if (finding == input_.secrets.end()) return;
        reaches.insert(finding->second.reaches.begin(), finding->second.reaches.end());
        for (const auto& each : input_.protected_environments)
            if (each.secret_hashes.contains(finding->second.keyed_hash))
                reaches.insert({ReachKind::secret, each.environment, ""});
    }

    void inspect_hosts(const DesiredService& service)
    {
        for (const auto& host : service.public_hosts)
            for (const auto& each : input_.protected_environments)
                if (each.public_hosts.contains(to_lower(host)))
                    note({service.name, "", {ReachKind::public_host, each.environment, host}});
    }

    /// Sharing an instance of a protected base is reaching it, whichever variables say so.
    void inspect_shared()
    {
        for (const auto& service : input_.desired.services)
            if (service.treatment == Treatment::shared)
                note({service.name, "", {ReachKind::address, input_.protected_base, "service " + service.name}});
        for (const auto& database : input_.desired.databases)
            if (database.strategy == DataStrategy::shared)
                note({database.name, "", {ReachKind::address, input_.protected_base, "database " + database.name}});
    }

    void note(const Violation& violation)
    {
        const bool is_accepted = std::ranges::any_of(input_.allow_reach, [&](const auto& name) {
            return !violation.variable.empty() &&
                   (name == violation.variable || name == violation.service + "." + violation.variable);
        });
        (is_accepted ? report_.accepted : report_.violations).push_back(violation);
    }

    const GuardInput& input_;
    const std::set<std::string> own_;
    const ReachRules rules_;
    GuardReport report_{};
};

}  // namespace

GuardReport inspect_reach(const GuardInput& input)
{
    return Guard(input).inspect();
}

Result<void> check_original_is_safe(const GuardInput& input)
{
    const auto report = inspect_reach(input);
    if (report.violations.empty()) return {};
    std::vector<std::string> lines;
    for (const auto& violation : report.violations) lines.push_back(describe(violation));
    return std::unexpected(Error{
        .kind = ErrorKind::refused,
        .message = fmt::format("{} would reach a protected environment: {}", input.desired.name, join(lines, "; ")),
        .next_step = "give previews their own value (previews.vars, or `ramet secret set NAME --previews`), or accept "
                     "it by name in "
                     "previews.allow_reach on the trusted branch"});
}

std::string describe(const Violation& violation)
{
    const auto subject = violation.variable.empty() ? violation.service : violation.service + "." + violation.variable;
    return subject + " reaches " + describe(violation.reach);
}

}  // namespace ramet::clone
