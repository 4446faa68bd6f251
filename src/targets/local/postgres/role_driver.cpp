#include "targets/local/postgres/role_driver.hpp"

#include "base/json.hpp"

#include <charconv>

namespace ramet::targets::postgres {
namespace {

int port_of(const Json& spec)
{
    const auto text = get_string(spec, "port");
    int port = 0;
    std::from_chars(text.data(), text.data() + text.size(), port);
    return port;
}

data::SqlAddress address_of(const engine::ResourceRef& ref)
{
    return {.host = get_string(ref.spec, "socket_directory"), .port = port_of(ref.spec)};
}

data::ServiceRole role_of(const engine::ResourceRef& ref)
{
    return {get_string(ref.spec, "role"), get_string(ref.spec, "database_name"), ref.mark.nonce};
}

SecretReference password_of(const engine::ResourceRef& ref)
{
    const auto& password = get_member(ref.spec, "password");
    return {get_string(password, "$secret"), get_int(password, "version")};
}

engine::Outputs outputs_of(const engine::ResourceRef& ref)
{
    return {{"host", get_string(ref.spec, "host")}, {"port", get_string(ref.spec, "port")}};
}

}  // namespace

Result<engine::Observation> RoleDriver::probe(const engine::Call&, const engine::ResourceRef& ref)
{
    engine::Observation seen;
    const auto found = data::has_service_role(address_of(ref), role_of(ref));
    // Without its server there is no role: nobody can log in.
    if (!found && found.error().kind == ErrorKind::unavailable) {
        seen.evidence = found.error().message;
        return seen;
    }
    if (!found) return std::unexpected(found.error());
    if (*found) seen.presence = engine::Presence::ours;
    return seen;
}

Result<engine::Acknowledged> RoleDriver::apply(const engine::Call&, const engine::ResourceRef& ref,
                                               const engine::Token&)
{
    const auto password = TRY(secrets_.open(password_of(ref)));
    TRY(data::ensure_service_role(address_of(ref), role_of(ref), password));
    return engine::Acknowledged{.outputs = outputs_of(ref)};
}

Result<engine::Readiness> RoleDriver::await(const engine::Call&, const engine::ResourceRef& ref)
{
    return engine::Ready{outputs_of(ref)};
}

Result<void> RoleDriver::remove(const engine::Call&, const engine::DeletionProof& proof)
{
    const auto removed = data::remove_service_role(address_of(proof.resource), role_of(proof.resource));
    if (!removed && removed.error().kind == ErrorKind::unavailable) return {};
    return removed;
}

Result<std::vector<engine::InventoryItem>> RoleDriver::inventory(const engine::Call&, const std::string&)
{
    return std::vector<engine::InventoryItem>{};
}

engine::Driver::Change RoleDriver::classify_change(const Json& old_spec, const Json& new_spec) const
{
    return to_canonical_text(old_spec) == to_canonical_text(new_spec) ? Change::keep : Change::update;
}

}  // namespace ramet::targets::postgres
