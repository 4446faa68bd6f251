#include "variables/explain.hpp"

#include "base/text.hpp"
#include "domain/interpolation.hpp"
#include "variables/resolve.hpp"
#include "variables/segments.hpp"
#include "variables/winner.hpp"

#include <algorithm>
#include <set>

namespace ramet::variables {
namespace {

constexpr int deepest_reference = 8;

std::string where_text(const Provenance& where)
{
    if (!where.set_by.empty()) return "set by " + where.set_by;
    return where.line > 0 ? fmt::format("{}:{}:{}", where.file, where.line, where.column) : where.file;
}

std::vector<std::string> referred_keys(const DeclaredValue& value)
{
    if (const auto* alias = std::get_if<AliasValue>(&value)) return {alias->target};
    std::vector<std::string> keys;
    const auto* text = std::get_if<TextValue>(&value);
    const auto pieces = text == nullptr ? Result<std::vector<InterpolationPiece>>{} : parse_interpolation(text->text);
    if (!pieces) return keys;
    for (const auto& piece : *pieces)
        if (const auto* placeholder = std::get_if<Placeholder>(&piece))
            if (placeholder->kind == PlaceholderKind::variable && std::ranges::count(keys, placeholder->name) == 0)
                keys.push_back(placeholder->name);
    return keys;
}

class Explainer {
public:
    Explainer(const ResolutionInput& input, const std::string& reader)
        : input_(only(input, reader)), candidates_(input_), reader_(reader), resolution_(resolve_variables(input_))
    {
    }

    /// `told` keeps a key that many refer to from being explained many times.
    Explanation explain(std::string_view key, int depth, std::set<std::string>& told) const
    {
        Explanation result{.key = std::string(key), .reader = reader_};
        const auto found = candidates_.of_key(key, reader_);
        for (const auto* candidate : found)
            result.candidates.push_back({describe(candidate->place), where_text(candidate->variable.where),
                                         describe(candidate->variable.value),
                                         candidate == found.front() ? Verdict::won : Verdict::lost});
        const auto& values = resolution_.values.at(reader_);
        if (const auto value = values.find(std::string(key)); value != values.end()) {
            result.value = describe(value->second);
            result.is_set = true;
        }
        if (found.empty()) return result;
        const auto& won = found.front()->variable.value;
        if (!result.is_set && !std::holds_alternative<UnsetValue>(won)) result.problem = problem(result.key);
        if (const auto* secret = std::get_if<SecretValue>(&won)) explain_secret(secret->secret, result);
        for (const auto& other : referred_keys(won))
            if (depth > 0 && told.insert(other).second) result.refers_to.push_back(explain(other, depth - 1, told));
        return result;
    }

    bool knows(std::string_view key) const { return !candidates_.of_key(key, reader_).empty(); }

    std::string suggestion(std::string_view key) const
    {
        std::vector<std::string> known;
        for (const auto each : candidates_.keys_of(reader_)) known.emplace_back(each);
        const auto meant = did_you_mean(key, known);
        return meant.empty() ? "" : "; did you mean '" + meant + "'?";
    }

private:
    static ResolutionInput only(ResolutionInput input, const std::string& reader)
    {
        input.readers = {reader};
        return input;
    }

    void explain_secret(const std::string& name, Explanation& result) const
    {
        const auto* used = input_.secrets_access == SecretAccess::allowed ? candidates_.secret(name, reader_) : nullptr;
        for (const auto* candidate : candidates_.of_secret(name, reader_)) {
            const auto verdict = candidate == used                     ? Verdict::won
                                 : candidates_.is_withheld(*candidate) ? Verdict::withheld
                                                                       : Verdict::lost;
            result.secrets.push_back({describe(candidate->place),
                                      candidate->set_by.empty() ? "" : "set by " + candidate->set_by,
                                      fmt::format("{} v{}", name, candidate->reference.version), verdict});
        }
    }

    std::string problem(const std::string& key) const
    {
        const auto name = reader_ + "." + key;
        if (std::ranges::count(resolution_.without_secrets, name) > 0) return "this preview gets no secrets";
        for (const auto& error : resolution_.errors)
            if (error.message.starts_with(key + " of ")) return error.message;
        for (const auto& missing : resolution_.missing_secrets)
            if (std::ranges::count(missing.needed_by, name) > 0)
                return missing.is_withheld
                           ? fmt::format("the secret {} is protected and stays out of previews", missing.name)
                           : fmt::format("the secret {} is not set", missing.name);
        return "what it refers to has none";
    }

    ResolutionInput input_;
    Candidates candidates_;
    const std::string& reader_;
    Resolution resolution_;
};

std::string lines_of(const std::vector<ExplainedCandidate>& candidates, std::string_view indent)
{
    std::size_t widest = 0;
    for (const auto& candidate : candidates) widest = std::max(widest, candidate.place.size());
    std::string text;
    for (const auto& candidate : candidates)
        text +=
            fmt::format("{}{} {:<{}}  {}  ({})\n", indent, candidate.verdict == Verdict::won ? "→" : " ",
                        candidate.place, widest, candidate.declared,
                        candidate.where.empty() ? std::string(to_string(candidate.verdict))
                                                : candidate.where + ", " + std::string(to_string(candidate.verdict)));
    return text;
}

std::string text_of(const Explanation& explanation, const std::string& indent)
{
    std::string text = fmt::format("{}{} for {}: {}\n", indent, explanation.key, explanation.reader,
                                   explanation.is_set            ? explanation.value
                                   : explanation.problem.empty() ? "not set"
                                                                 : "no value: " + explanation.problem);
    text += lines_of(explanation.candidates, indent + "  ");
    if (!explanation.secrets.empty())
        text += indent + "  the secret:\n" + lines_of(explanation.secrets, indent + "    ");
    for (const auto& other : explanation.refers_to) text += indent + "  refers to\n" + text_of(other, indent + "    ");
    return text;
}

Json candidates_json(const std::vector<ExplainedCandidate>& candidates)
{
    json::array list;
    for (const auto& candidate : candidates)
        list.push_back({{"place", candidate.place},
                        {"where", candidate.where},
                        {"declared", candidate.declared},
                        {"verdict", to_string(candidate.verdict)}});
    return list;
}

}  // namespace

Result<Explanation> explain(const ResolutionInput& input, std::string_view key, const std::string& reader)
{
    if (std::ranges::count(input.readers, reader) == 0) {
        const auto meant = did_you_mean(reader, input.readers);
        return fail(ErrorKind::not_found, "{} has no service or job '{}'{}", input.environment, reader,
                    meant.empty() ? "" : "; did you mean '" + meant + "'?");
    }
    const Explainer explainer(input, reader);
    std::set<std::string> told{std::string(key)};
    if (explainer.knows(key)) return explainer.explain(key, deepest_reference, told);
    return fail(ErrorKind::not_found, "nothing declares '{}' for {} in {}{}", key, reader, input.environment,
                explainer.suggestion(key));
}

std::string to_text(const Explanation& explanation)
{
    return text_of(explanation, "");
}

Json to_json(const Explanation& explanation)
{
    json::array refers_to;
    for (const auto& other : explanation.refers_to) refers_to.push_back(to_json(other));
    return {{"key", explanation.key},
            {"service", explanation.reader},
            {"is_set", explanation.is_set},
            {"value", explanation.value},
            {"problem", explanation.problem},
            {"candidates", candidates_json(explanation.candidates)},
            {"secrets", candidates_json(explanation.secrets)},
            {"refers_to", std::move(refers_to)}};
}

std::string_view to_string(Verdict verdict)
{
    switch (verdict) {
    case Verdict::won: return "wins";
    case Verdict::lost: return "weaker";
    case Verdict::withheld: return "protected: stays out of previews";
    }
    return {};
}

}  // namespace ramet::variables
