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

/// Undoing goes from what was made last to what was made first: when an earlier state of the role is put back, its server may still
/// serve the data that is given up, at the socket beside this one.
bool serves_other_data(const engine::ResourceRef& ref)
{
    auto address = address_of(ref);
    const Path own = address.host;
    std::error_code error;
    for (const auto& beside : std::filesystem::directory_iterator(own.parent_path(), error)) {
        if (beside.path() == own) continue;
        address.host = beside.path().string();
        if (data::SqlConnection::open(address)) return true;
    }
    return false;
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
    const auto made = data::ensure_service_role(address_of(ref), role_of(ref), password);
    // In the data that comes back with the server the role is what it was.
    const bool comes_back = !made && made.error().kind == ErrorKind::unavailable && serves_other_data(ref);
    if (!made && !comes_back) return std::unexpected(made.error());
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
