#include "variables/segments.hpp"

#include <fmt/core.h>

namespace ramet::variables {
namespace {

constexpr std::size_t size_of_reference = 64;

std::string describe_segment(const Segment& segment)
{
    if (const auto* literal = std::get_if<std::string>(&segment)) return *literal;
    if (const auto* output = std::get_if<OutputReference>(&segment))
        return fmt::format("{{{}.{}}}", output->resource, output->output);
    const auto& secret = std::get<SecretReference>(segment);
    if (secret.id.empty()) return fmt::format("{{generated {}}}", secret.name);
    return fmt::format("{{secret {} v{}}}", secret.name.empty() ? secret.id : secret.name, secret.version);
}

}  // namespace

void append(ResolvedValue& value, const ResolvedValue& more)
{
    for (const auto& segment : more) {
        const auto* literal = std::get_if<std::string>(&segment);
        auto* last = value.empty() ? nullptr : std::get_if<std::string>(&value.back());
        if (literal != nullptr && last != nullptr)
            *last += *literal;
        else if (literal == nullptr || !literal->empty())
            value.push_back(segment);
    }
}

std::size_t size_of(const ResolvedValue& value)
{
    std::size_t size = 0;
    for (const auto& segment : value) {
        const auto* literal = std::get_if<std::string>(&segment);
        size += literal != nullptr ? literal->size() : size_of_reference;
    }
    return size;
}

std::string describe(const ResolvedValue& value)
{
    std::string text;
    for (const auto& segment : value) text += describe_segment(segment);
    return text;
}

std::string describe(const DeclaredValue& value)
{
    if (const auto* text = std::get_if<TextValue>(&value)) return text->text;
    if (const auto* secret = std::get_if<SecretValue>(&value)) return "{secret: " + secret->secret + "}";
    if (const auto* alias = std::get_if<AliasValue>(&value)) return "{alias: " + alias->target + "}";
    if (const auto* generated = std::get_if<GeneratedValue>(&value))
        return fmt::format("{{generate: random, length: {}{}}}", generated->length,
                           generated->secret ? ", secret: true" : "");
    return "{unset: true}";
}

}  // namespace ramet::variables
