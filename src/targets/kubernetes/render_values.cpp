#include "targets/kubernetes/render_pieces.hpp"

namespace ramet::targets::kubernetes {

namespace {

struct SegmentEncoder {
    const Rendering& rendering;
    std::string& secrets_used;

    Result<Json> operator()(const std::string& text) const { return Json(text); }
    Result<Json> operator()(const SecretReference& secret) const
    {
        secrets_used += fmt::format("{}{}@{}", secrets_used.empty() ? "" : " ", secret.id, secret.version);
        return note_secret(secret);
    }
    Result<Json> operator()(const OutputReference& output) const
    {
        return Json(TRY(resolve_output(rendering, output)));
    }
};

/// Neighbouring texts become one, so that a value without a secret is a plain text.
void append(json::array& pieces, Json piece)
{
    if (piece.is_string() && !pieces.empty() && pieces.back().is_string()) {
        pieces.back().get_string() += piece.get_string();
    } else {
        pieces.push_back(std::move(piece));
    }
}

Result<Json> encode(const ResolvedValue& value, const SegmentEncoder& encoder)
{
    json::array pieces;
    for (const auto& segment : value) append(pieces, TRY(std::visit(encoder, segment)));
    if (pieces.empty()) return Json("");
    if (pieces.size() == 1) return std::move(pieces.front());
    return Json(json::object{{"$concat", std::move(pieces)}});
}

}  // namespace

int port_of(const Database& database)
{
    switch (database.type) {
    case DatabaseType::postgres: return 5432;
    case DatabaseType::mysql:
    case DatabaseType::mariadb: return 3306;
    case DatabaseType::redis: return 6379;
    }
    return 0;
}

Result<std::string> resolve_output(const Rendering& rendering, const OutputReference& output)
{
    const auto slash = output.resource.find('/');
    const auto name = output.resource.substr(slash + 1);
    std::optional<int> port;
    if (const auto* service = output.resource.starts_with("service/") ? rendering.find_service(name) : nullptr)
        port = service->declared.port.value_or(0);
    if (const auto* database = output.resource.starts_with("database/") ? rendering.find_database(name) : nullptr)
        port = port_of(database->declared);
    if (!port)
        return fail(ErrorKind::invalid, "a value refers to {}, which this environment does not have", output.resource);
    if (output.output == "host") return name;
    if (output.output == "port") return fmt::format("{}", *port);
    return fail(ErrorKind::invalid, "a value refers to \"{}\" of {}: it has host and port", output.output,
                output.resource);
}

Result<Json> render_value(const Rendering& rendering, const ResolvedValue& value, std::string& secrets_used)
{
    return encode(value, {rendering, secrets_used});
}

Result<ContainerEnvironment> render_variables(const Rendering& rendering,
                                              const std::vector<ResolvedVariable>& variables, const std::string& secret)
{
    ContainerEnvironment environment;
    const SegmentEncoder encoder{rendering, environment.secrets_used};
    for (const auto& variable : variables) {
        auto value = encode(variable.value, encoder);
        if (!value) return fail_in(std::move(value.error()), fmt::format("variable {}", variable.key));
        if (value->is_string()) {
            environment.entries.push_back(json::object{{"name", variable.key}, {"value", *std::move(value)}});
            continue;
        }
        environment.secret_values[variable.key] = *std::move(value);
        environment.entries.push_back(json::object{
            {"name", variable.key},
            {"valueFrom", json::object{{"secretKeyRef", json::object{{"name", secret}, {"key", variable.key}}}}}});
    }
    return environment;
}

}  // namespace ramet::targets::kubernetes
