#include "config/keys.hpp"

#include "base/text.hpp"
#include "domain/interpolation.hpp"
#include "domain/names.hpp"

namespace ramet::config {
namespace {

/// The object form of a value: exactly one of secret, alias, unset, generate.
struct ValueObject {
    std::optional<std::string> secret{};
    std::optional<std::string> alias{};
    std::optional<int> generator{};
    std::optional<bool> unset{};
    std::optional<std::int64_t> length{};
    std::optional<bool> is_secret{};
};

/// `secret` names a secret, except beside `generate`, where it says whether the generated value is one.
Type<std::pair<std::string, std::optional<bool>>> secret_or_flag()
{
    using Pair = std::pair<std::string, std::optional<bool>>;
    return {[](Definitions&) -> Json {
                return {{"anyOf", {{{"type", "string"}, {"pattern", secret_rule().pattern}}, {{"type", "boolean"}}}}};
            },
            [](Reading& reading, const Node& node) -> std::optional<Pair> {
                if (node.kind == NodeKind::scalar && node.quoting == Quoting::plain &&
                    (node.text == "true" || node.text == "false"))
                    return Pair{"", node.text == "true"};
                auto name = text(secret_rule()).read(reading, node);
                return name ? std::optional(Pair{std::move(*name), std::nullopt}) : std::nullopt;
            }};
}

const Object<ValueObject>& value_object()
{
    static const auto table = [] {
        Object<ValueObject> object("value");
        object.key("secret",
                   "name of the secret that is the value; beside `generate`: whether the value is kept as a secret",
                   secret_or_flag(), [](ValueObject& value, const auto& said) {
                       if (said.second)
                           value.is_secret = said.second;
                       else
                           value.secret = said.first;
                   });
        object.key("alias", "another variable whose value this one has", text(variable_rule()), &ValueObject::alias);
        object.key("unset", "the variable is not set at all, whatever weaker places say", boolean(),
                   &ValueObject::unset);
        object.key("generate", "a value is made once for each environment", one_of<int>({{"random", 1}}),
                   &ValueObject::generator);
        object.key("length", "characters of the generated value", integer(8, 1024), &ValueObject::length);
        return object;
    }();
    return table;
}

std::optional<DeclaredValue> declared(Reading& reading, const Node& node, const ValueObject& said)
{
    const int forms = int{said.secret.has_value()} + int{said.alias.has_value()} + int{said.generator.has_value()} +
                      int{said.unset.has_value()};
    if (forms == 1 && !said.generator && (said.length || said.is_secret)) {
        reading.refuse(node.mark, "`length` and `secret: true` belong to `generate`");
        return std::nullopt;
    }
    if (forms == 1 && said.secret) return SecretValue{*said.secret};
    if (forms == 1 && said.alias) return AliasValue{*said.alias};
    if (forms == 1 && said.generator)
        return GeneratedValue{static_cast<int>(said.length.value_or(32)), said.is_secret.value_or(false)};
    if (forms == 1 && said.unset.value_or(false)) return UnsetValue{};
    reading.refuse(
        node.mark,
        "a value is a text, or exactly one of {secret: NAME}, {alias: KEY}, {unset: true}, {generate: random}");
    return std::nullopt;
}

std::optional<DeclaredValue> read_value(Reading& reading, const Node& node)
{
    if (node.kind == NodeKind::map) {
        ValueObject said;
        const auto errors_before = reading.errors().size();
        read_object(reading, node, value_object(), said);
        return reading.errors().size() > errors_before ? std::nullopt : declared(reading, node, said);
    }
    if (node.kind != NodeKind::scalar) {
        reading.refuse(node.mark, "a value is expected here; for the empty text write \"\", for none {unset: true}");
        return std::nullopt;
    }
    if (node.text.find('\0') != std::string::npos) {
        reading.refuse(node.mark, "the value holds a zero byte; no environment variable can");
        return std::nullopt;
    }
    if (const auto pieces = parse_interpolation_at(InterpolationPlace::value, node.text); !pieces) {
        reading.refuse(node.mark, pieces.error().message);
        return std::nullopt;
    }
    return TextValue{node.text};
}

Json value_schema(Definitions& definitions)
{
    if (!definitions.contains("value")) definitions["value"] = schema_of(value_object(), definitions);
    return {{"anyOf", {{{"type", {"string", "number", "boolean"}}}, {{"$ref", "#/$defs/value"}}}}};
}

struct OnlySecret {
    std::string secret{};
};

const Object<OnlySecret>& secret_object()
{
    static const auto table = [] {
        Object<OnlySecret> object("secretReference");
        object.key("secret", "name of the secret", text(secret_rule()), &OnlySecret::secret, Presence::required);
        return object;
    }();
    return table;
}

Result<void> check_command(std::string_view text)
{
    if (text.empty()) return fail(ErrorKind::invalid, "the command is empty");
    if (text.find('\0') != std::string_view::npos) return fail(ErrorKind::invalid, "the command holds a zero byte");
    if (text.find("${") == std::string_view::npos) return {};
    return fail(ErrorKind::invalid, "'${{…}}' is refused in commands: values reach them through the environment only; "
                                    "declare a variable under `env` and read it as $NAME");
}

Result<void> check_relative_path(std::string_view path)
{
    TRY(check_argument(path));
    if (path.starts_with('/')) return fail(ErrorKind::invalid, "'{}' must be relative to the repository", path);
    for (const auto& part : split(path, '/'))
        if (part == "..") return fail(ErrorKind::invalid, "'{}' leads out of the repository", path);
    return check_url(path);
}

Result<void> check_cron(std::string_view text)
{
    std::vector<std::string> fields;
    for (const auto& field : split(text, ' '))
        if (!field.empty()) fields.push_back(field);
    const bool is_cron = fields.size() == 6 && fields[0] == "cron";
    for (std::size_t i = 1; is_cron && i < fields.size(); ++i)
        if (fields[i].find_first_not_of("0123456789*/,-") != std::string::npos)
            return fail(ErrorKind::invalid, "'{}' is no schedule: '{}' is not understood", text, fields[i]);
    if (is_cron) return {};
    return fail(ErrorKind::invalid,
                "'{}' is no schedule; write it like \"cron 0 3 * * *\" (minute hour day month weekday)", text);
}

Result<void> check_image(std::string_view text)
{
    TRY(check_url(text));
    if (text.find(' ') != std::string_view::npos) return fail(ErrorKind::invalid, "an image holds no blank");
    const auto pieces = parse_interpolation_at(InterpolationPlace::image, text);
    return pieces ? Result<void>{} : std::unexpected(pieces.error());
}

}  // namespace

TextRule relative_path_rule()
{
    return {check_relative_path, "^(?![-/])(?!(.*/)?\\.\\.(/|$))[^\\u0000-\\u001f\\u007f]+$"};
}
TextRule cron_rule()
{
    return {check_cron, "^cron +[0-9*/,-]+( +[0-9*/,-]+){4} *$"};
}
TextRule image_rule()
{
    return {check_image, "^(?!-)[^\\u0000-\\u0020\\u007f]+$"};
}

Type<Variables> variables_type()
{
    auto map = map_of(variable_rule(),
                      Type<Variable>{value_schema, [](Reading& reading, const Node& node) -> std::optional<Variable> {
                                         auto value = read_value(reading, node);
                                         return value ? std::optional(Variable{.key = {}, .value = std::move(*value)})
                                                      : std::nullopt;
                                     }});
    return {map.schema, [read = map.read](Reading& reading, const Node& node) -> std::optional<Variables> {
                auto pairs = read(reading, node);
                if (!pairs) return std::nullopt;
                Variables variables;
                for (auto& [key, variable] : *pairs) {
                    variable.key = key;
                    variables.push_back(std::move(variable));
                }
                return variables;
            }};
}

Type<std::string> secret_reference_type()
{
    const auto object = object_type(&secret_object);
    return {object.schema, [read = object.read](Reading& reading, const Node& node) -> std::optional<std::string> {
                auto said = read(reading, node);
                return said ? std::optional(std::move(said->secret)) : std::nullopt;
            }};
}

Type<ProjectCommand> command_type()
{
    return {[](Definitions&) -> Json {
                const Json word{{"type", "string"}, {"minLength", 1}, {"not", {{"pattern", "\\$\\{"}}}};
                return {{"anyOf", {word, {{"type", "array"}, {"minItems", 1}, {"items", word}}}}};
            },
            [](Reading& reading, const Node& node) -> std::optional<ProjectCommand> {
                const TextRule rule{check_command};
                if (node.kind != NodeKind::sequence) {
                    auto line = text(rule).read(reading, node);
                    return line ? std::optional(ProjectCommand(std::move(*line))) : std::nullopt;
                }
                auto words = list_of(text(rule)).read(reading, node);
                if (words && !words->empty()) return ProjectCommand(std::move(*words));
                if (node.items.empty()) reading.refuse(node.mark, "the command is empty");
                return std::nullopt;
            }};
}

Type<bool> anything_type()
{
    return {[](Definitions&) -> Json { return json::object{}; },
            [](Reading&, const Node&) -> std::optional<bool> { return true; }};
}

}  // namespace ramet::config
