#include "targets/local/postgres/server_driver.hpp"

#include "base/json.hpp"
#include "targets/local/postgres/marked_folder.hpp"
#include "targets/local/postgres/server_program.hpp"
#include "targets/local/postgres/spec.hpp"
#include "targets/local/postgres/task.hpp"

namespace ramet::targets::postgres {
namespace {

constexpr auto shim_name = "shim";
constexpr auto configuration_name = "etc";

std::string port_path(const engine::ResourceRef& ref)
{
    return "server/" + ref.name;
}

bool is_durable(const engine::ResourceRef& ref)
{
    return get_string(ref.spec, "durability") == "durable";
}

Result<ServerProgram> server_of(const engine::ResourceRef& ref, data::ServerSettings settings)
{
    const auto user = TRY(owner_of(settings.data_directory));
    return ServerProgram{std::move(settings), user, get_string(ref.spec, "version"), ref.mark.nonce};
}

engine::Outputs outputs_of(const data::ServerSettings& settings)
{
    return {{"host", "127.0.0.1"},
            {"port", std::to_string(settings.port)},
            {"socket_directory", settings.socket_directory.string()},
            {"data", settings.data_directory.string()}};
}

/// Data is thrown away or can recover: at once. A base closes its files in order.
local::StopOptions stop_options(const engine::ResourceRef& ref)
{
    if (is_durable(ref)) return {.signal = SIGINT, .grace = Milliseconds(60'000)};
    return {.signal = SIGQUIT, .grace = Milliseconds(500)};
}

}  // namespace

Result<data::ServerSettings> ServerDriver::settle(const engine::ResourceRef& ref) const
{
    data::ServerSettings settings;
    settings.use = is_durable(ref) ? data::ServerUse::base : data::ServerUse::preview;
    settings.port = TRY(ensure_port(options_, get_string(ref.spec, "environment"), port_path(ref)));
    settings.data_directory = get_string(ref.spec, "data");
    settings.socket_directory = TRY(socket_directory(options_, ref.name, settings.data_directory));
    settings.shared_memory = shared_memory_here();
    settings.configuration = options_.servers / ref.name / configuration_name;
    return settings;
}

Result<engine::Observation> ServerDriver::probe(const engine::Call&, const engine::ResourceRef& ref)
{
    auto observation = TRY(MarkedFolder(options_.servers, ref).probe());
    if (observation.presence != engine::Presence::ours) return observation;
    observation.is_intact = TRY(local::find_shim(options_.servers / ref.name / shim_name)).has_value();
    if (!observation.is_intact) observation.evidence = "its shim does not run";
    return observation;
}

Result<engine::Acknowledged> ServerDriver::apply(const engine::Call&, const engine::ResourceRef& ref,
                                                 const engine::Token&)
{
    TRY(check_version(options_, get_string(ref.spec, "version")));
    TRY(ensure_directory(options_.servers));
    const MarkedFolder folder(options_.servers, ref);
    const auto identity = TRY(folder.ensure(clock_.now()));
    const auto settings = TRY(settle(ref));
    const auto server = TRY(server_of(ref, settings));
    TRY(prepare_server(server));
    const auto program = server_program(options_, server);
    const auto shim = folder.path() / shim_name;
    const auto status = TRY(local::ensure_shim({.binary = options_.shim_binary,
                                                .directory = shim,
                                                .nonce = ref.mark.nonce,
                                                .label = "postgres " + ref.name,
                                                .program = program}));
    if (status.version != program.version && status.incoming != program.version) TRY(local::deploy(shim, program));
    return engine::Acknowledged{folder.path().string(), identity, outputs_of(server.settings)};
}

Result<engine::Readiness> ServerDriver::await(const engine::Call&, const engine::ResourceRef& ref)
{
    const auto settings = TRY(settle(ref));
    const auto server = TRY(server_of(ref, settings));
    const auto program = server_program(options_, server);
    const auto shim = options_.servers / ref.name / shim_name;
    const auto status = TRY(local::find_shim(shim));
    if (!status) {
        Error error{ErrorKind::unavailable, fmt::format("the shim of PostgreSQL {} has ended", ref.name)};
        error.evidence = local::last_log_lines(shim);
        return engine::Failed{std::move(error)};
    }
    if (is_accepting(*status, program, server.settings.data_directory))
        return engine::Ready{outputs_of(server.settings)};
    if (auto failure = server_failure(*status, program, shim)) return engine::Failed{std::move(*failure)};
    return engine::NotYet{Milliseconds(50), "PostgreSQL starts"};
}

Result<void> ServerDriver::remove(const engine::Call&, const engine::DeletionProof& proof)
{
    const auto& ref = proof.resource;
    const MarkedFolder folder(options_.servers, ref);
    if (const auto path = TRY(folder.check_removal())) TRY(end_shim(*path / shim_name, stop_options(ref)));
    TRY(data::remove_tree_quickly(socket_folder(options_, ref.name)));
    TRY(folder.remove());
    return release_port(options_, get_string(ref.spec, "environment"), port_path(ref));
}

Result<std::vector<engine::InventoryItem>> ServerDriver::inventory(const engine::Call&, const std::string& install)
{
    return list_marked_folders(options_.servers, server_kind, install);
}

engine::Driver::Change ServerDriver::classify_change(const Json& old_spec, const Json& new_spec) const
{
    if (get_string(old_spec, "environment") != get_string(new_spec, "environment")) return Change::replace;
    return to_canonical_text(old_spec) == to_canonical_text(new_spec) ? Change::keep : Change::update;
}

}  // namespace ramet::targets::postgres
