#include "variables/reader.hpp"

#include "base/text.hpp"
#include "variables/facts.hpp"
#include "variables/segments.hpp"

#include <algorithm>

namespace ramet::variables {
namespace {

// Longer chains are a mistake, and recursion must not depend on what a file says.
constexpr std::size_t longest_chain = 64;

}  // namespace

void Findings::miss_secret(const std::string& name, const std::string& needed_by, bool is_withheld)
{
    auto& missing = missing_[name];
    missing.name = name;
    missing.is_withheld = missing.is_withheld || is_withheld;
    if (std::ranges::count(missing.needed_by, needed_by) == 0) missing.needed_by.push_back(needed_by);
}

void Findings::want(const Candidate& candidate, const GeneratedValue& declared)
{
    if (wanted_.insert(candidate.path).second)
        resolution_.wanted.push_back({candidate.path, candidate.variable.key, declared});
}

void Findings::refuse(const Candidate& candidate, const std::string& reader, std::string message)
{
    const auto& where = candidate.variable.where;
    // The same mistake in a project variable would be told once for every service.
    if (!refused_.insert(candidate.path + "\n" + message).second) return;
    resolution_.errors.push_back(
        {.kind = ErrorKind::invalid,
         .message = fmt::format("{} of {}: {}", candidate.variable.key, reader, message),
         .where = where.line > 0 ? fmt::format("{}:{}:{}", where.file, where.line, where.column) : where.set_by});
}

void Findings::finish()
{
    for (auto& [name, missing] : missing_) resolution_.missing_secrets.push_back(std::move(missing));
}

std::optional<ResolvedValue> Reader::resolve(std::string_view key)
{
    if (const auto known = done_.find(key); known != done_.end()) return known->second;
    const auto* winner = candidates_.winner(key, name_);
    if (winner == nullptr) return std::nullopt;
    open_.emplace_back(key);
    auto value = resolve_winner(*winner);
    open_.pop_back();
    done_.emplace(key, value);
    return value;
}

std::optional<ResolvedValue> Reader::resolve_winner(const Candidate& candidate)
{
    const auto& value = candidate.variable.value;
    if (const auto* text = std::get_if<TextValue>(&value)) return resolve_text(candidate, text->text);
    if (const auto* alias = std::get_if<AliasValue>(&value)) return resolve_alias(candidate, alias->target);
    if (const auto* secret = std::get_if<SecretValue>(&value)) return resolve_secret(candidate, secret->secret);
    if (const auto* generated = std::get_if<GeneratedValue>(&value)) return resolve_generated(candidate, *generated);
    return std::nullopt;
}

std::optional<ResolvedValue> Reader::resolve_text(const Candidate& candidate, const std::string& text)
{
    const auto pieces = parse_interpolation_at(InterpolationPlace::value, text);
    if (!pieces) return refuse(candidate, pieces.error().message);
    ResolvedValue value;
    for (const auto& piece : *pieces) {
        if (const auto* literal = std::get_if<std::string>(&piece)) {
            append(value, {Segment(*literal)});
            continue;
        }
        const auto filled = fill(candidate, std::get<Placeholder>(piece));
        if (!filled) return std::nullopt;
        append(value, *filled);
        if (size_of(value) > largest_value)
            return refuse(candidate, fmt::format("the value grows over {} bytes, the most that a program can be given",
                                                 largest_value));
    }
    if (value.empty()) value.emplace_back(std::string());
    return value;
}

std::optional<ResolvedValue> Reader::resolve_alias(const Candidate& candidate, const std::string& target)
{
    const auto* winner = candidates_.winner(target, name_);
    // An alias of what is unset on purpose is unset with it.
    if (winner != nullptr && std::holds_alternative<UnsetValue>(winner->variable.value)) return std::nullopt;
    return fill_variable(candidate, target);
}

std::optional<ResolvedValue> Reader::resolve_secret(const Candidate& candidate, const std::string& secret)
{
    const auto needed_by = name_ + "." + candidate.variable.key;
    if (input_.secrets_access == SecretAccess::none) {
        findings_.leave_out(needed_by);
        failed_.insert(candidate.variable.key);
        return std::nullopt;
    }
    if (const auto* found = candidates_.secret(secret, name_)) return ResolvedValue{found->reference};
    findings_.miss_secret(secret, needed_by, !candidates_.of_secret(secret, name_).empty());
    failed_.insert(candidate.variable.key);
    return std::nullopt;
}

std::optional<ResolvedValue> Reader::resolve_generated(const Candidate& candidate, const GeneratedValue& declared)
{
    if (const auto made = input_.generated.find(candidate.path); made != input_.generated.end())
        return ResolvedValue{made->second};
    findings_.want(candidate, declared);
    return ResolvedValue{SecretReference{.id = "", .version = 0, .name = candidate.variable.key}};
}

std::optional<ResolvedValue> Reader::fill(const Candidate& candidate, const Placeholder& placeholder)
{
    if (placeholder.kind == PlaceholderKind::variable) return fill_variable(candidate, placeholder.name);
    auto value = fact(input_, name_, placeholder);
    return value ? std::optional(std::move(*value)) : refuse(candidate, value.error().message);
}

std::optional<ResolvedValue> Reader::fill_variable(const Candidate& candidate, const std::string& key)
{
    if (key == "HOST" || key == "PORT" || key.starts_with("RAMET_"))
        return refuse(candidate,
                      fmt::format("{0} is set when the service starts; read it in the command as ${0}", key));
    if (std::ranges::count(open_, key) > 0) return refuse(candidate, "it refers to itself: " + show_cycle(key));
    if (open_.size() >= longest_chain)
        return refuse(candidate, fmt::format("more than {} variables refer to each other in a row", longest_chain));
    if (auto value = resolve(key)) return value;
    // What failed has been told where it failed.
    if (failed_.contains(key)) {
        failed_.insert(candidate.variable.key);
        return std::nullopt;
    }
    const auto* winner = candidates_.winner(key, name_);
    return refuse(candidate, winner == nullptr ? fmt::format("there is no variable '{}' for {}", key, name_)
                                               : fmt::format("'{}' is unset for {}", key, name_));
}

std::optional<ResolvedValue> Reader::refuse(const Candidate& candidate, std::string message)
{
    failed_.insert(candidate.variable.key);
    findings_.refuse(candidate, name_, std::move(message));
    return std::nullopt;
}

std::string Reader::show_cycle(std::string_view key) const
{
    std::vector<std::string> cycle(std::ranges::find(open_, key), open_.end());
    cycle.emplace_back(key);
    return join(cycle, " → ");
}

}  // namespace ramet::variables
