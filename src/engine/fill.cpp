#include "engine/fill.hpp"

#include "base/hash.hpp"

namespace ramet::engine {
namespace {

bool is_marker(const Json& value, std::string_view key)
{
    const auto* object = value.if_object();
    return object && object->contains(key);
}

Result<OutputReference> parse_reference(const Json& value)
{
    const auto* pair = get_member(value, "$out").if_array();
    if (!pair || pair->size() != 2 || !(*pair)[0].is_string() || !(*pair)[1].is_string() ||
        value.as_object().size() != 1)
        return fail(ErrorKind::invalid, "{} is no reference: want {{\"$out\": [path, output]}}", to_text(value));
    return OutputReference{std::string((*pair)[0].as_string()), std::string((*pair)[1].as_string())};
}

Result<void> check_secret(const Json& value)
{
    if (!get_member(value, "$secret").is_string())
        return fail(ErrorKind::invalid, "{} is no reference to a secret: want {{\"$secret\": id, \"version\": n}}",
                    to_text(value));
    return {};
}

Result<const json::array*> pieces_of(const Json& value)
{
    const auto* pieces = get_member(value, "$concat").if_array();
    if (!pieces || value.as_object().size() != 1)
        return fail(ErrorKind::invalid, "{} is no text: want {{\"$concat\": [piece, …]}}", to_text(value));
    for (const auto& piece : *pieces)
        if (!piece.is_string() && !is_marker(piece, "$out") && !is_marker(piece, "$secret") &&
            !is_marker(piece, "$concat"))
            return fail(ErrorKind::invalid, "{} is no piece of a text", to_text(piece));
    return pieces;
}

Result<void> collect(const Json& spec, std::vector<OutputReference>& found)
{
    if (is_marker(spec, "$out")) {
        found.push_back(TRY(parse_reference(spec)));
        return {};
    }
    if (is_marker(spec, "$secret")) return check_secret(spec);
    if (is_marker(spec, "$concat")) TRY(pieces_of(spec));
    if (const auto* array = spec.if_array())
        for (const auto& element : *array) TRY(collect(element, found));
    if (const auto* object = spec.if_object())
        for (const auto& member : *object) TRY(collect(member.value(), found));
    return {};
}

Result<Json> fill_reference(const Json& spec, const ExistingOutputs& outputs)
{
    const auto reference = TRY(parse_reference(spec));
    const auto node = outputs.find(reference.path);
    if (node != outputs.end())
        if (const auto output = node->second.find(reference.output); output != node->second.end())
            return Json(output->second);
    return fail(ErrorKind::not_found, "{} has no output {}", reference.path, reference.output);
}

void append_piece(json::array& pieces, const Json& piece)
{
    if (is_marker(piece, "$concat")) {
        for (const auto& inner : piece.at("$concat").as_array()) append_piece(pieces, inner);
    } else if (piece.is_string() && !pieces.empty() && pieces.back().is_string()) {
        pieces.back().as_string().append(piece.as_string());
    } else {
        pieces.push_back(piece);
    }
}

Result<Json> fill_text(const Json& spec, const ExistingOutputs& outputs)
{
    const auto* pieces = TRY(pieces_of(spec));
    json::array joined;
    for (const auto& piece : *pieces) {
        const auto filled = TRY(fill_spec(piece, outputs));
        append_piece(joined, filled);
    }
    if (joined.empty()) return Json("");
    if (joined.size() == 1 && joined[0].is_string()) return joined[0];
    json::object text;
    text.emplace("$concat", std::move(joined));
    return Json(std::move(text));
}

}  // namespace

Result<std::vector<OutputReference>> references_of(const Json& spec)
{
    std::vector<OutputReference> found;
    TRY(collect(spec, found));
    return found;
}

Result<Json> fill_spec(const Json& spec, const ExistingOutputs& outputs)
{
    if (is_marker(spec, "$out")) return fill_reference(spec, outputs);
    if (is_marker(spec, "$concat")) return fill_text(spec, outputs);
    if (is_marker(spec, "$secret")) return spec;
    if (const auto* array = spec.if_array()) {
        json::array filled;
        for (const auto& element : *array) filled.push_back(TRY(fill_spec(element, outputs)));
        return Json(std::move(filled));
    }
    if (const auto* object = spec.if_object()) {
        json::object filled;
        for (const auto& member : *object) filled[member.key()] = TRY(fill_spec(member.value(), outputs));
        return Json(std::move(filled));
    }
    return spec;
}

std::string spec_hash(const Json& filled)
{
    return sha256_hex(to_canonical_text(filled));
}

}  // namespace ramet::engine
