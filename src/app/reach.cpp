#include "app/reach.hpp"

#include "clone/address_parts.hpp"
#include "clone/guard.hpp"
#include "secrets/fingerprint.hpp"

namespace ramet::app {

namespace {

/// What one protected environment owns: what it was deployed with, what its file says it is called, its secrets.
Result<clone::Fingerprints> fingerprints_of(App& app, const Environment& environment, const ProjectFile& file)
{
    clone::Fingerprints owned{.environment = environment.name};
    const auto resources = TRY(app.engine.list_resources(engine::OwnerId(environment.id.str())));
    for (const auto& resource : resources) {
        const auto host = resource.ref.outputs.find("host");
        const auto port = resource.ref.outputs.find("port");
        if (host != resource.ref.outputs.end() && port != resource.ref.outputs.end())
            owned.addresses.insert(host->second + ":" + port->second);
    }
    const auto desired = TRY(load_desired(app, environment.id));
    if (desired) {
        for (const auto& service : desired->services)
            owned.public_hosts.insert(service.public_hosts.begin(), service.public_hosts.end());
        for (const auto& database : desired->databases) {
            owned.database_names.insert(database.database_name);
            owned.roles.insert(database.role);
        }
    }
    for (const auto& service : file.services)
        for (const auto& domain : service.domains) owned.public_hosts.insert(domain.host);
    return owned;
}

/// The address parts of what a protected environment's own variables say: what is only registered here is known by them alone.
void add_declared(const ProjectFile& file, clone::Fingerprints& owned)
{
    const auto* declared = file.find_environment(owned.environment);
    if (declared == nullptr) return;
    for (const auto& variable : declared->vars)
        if (const auto* text = std::get_if<TextValue>(&variable.value))
            for (const auto& token : clone::tokens_of(text->text)) {
                const auto address = clone::parse_address(token);
                if (!address.host.empty() && !address.port.empty())
                    owned.addresses.insert(address.host + ":" + address.port);
            }
}

Result<std::vector<clone::Fingerprints>> all_fingerprints(App& app, const Wanted& wanted, const ProjectFile& file)
{
    std::vector<clone::Fingerprints> all;
    const auto environments = TRY(app.stores.environments.list(wanted.project.id));
    const auto protected_secrets = TRY(app.stores.secrets.list_protected(wanted.project.id));
    for (const auto& environment : environments) {
        if (!environment.is_protected) continue;
        auto owned = TRY(fingerprints_of(app, environment, file));
        add_declared(file, owned);
        for (const auto& secret : protected_secrets)
            if (secret.environment.empty() || secret.environment == environment.id)
                owned.secret_hashes.insert(secret.fingerprint);
        all.push_back(std::move(owned));
    }
    return all;
}

/// The plaintext of each secret that the preview would get is looked at here, and leaves nothing but what it reaches.
Result<clone::SecretFindings> inspect_secrets(App& app, const DesiredEnvironment& desired,
                                              const clone::ReachRules& rules)
{
    clone::SecretFindings findings;
    const auto inspect = [&](const std::vector<ResolvedVariable>& env) -> Result<void> {
        for (const auto& variable : env)
            for (const auto& segment : variable.value) {
                const auto* secret = std::get_if<SecretReference>(&segment);
                if (secret == nullptr || secret->version == 0 || findings.contains({secret->id, secret->version}))
                    continue;
                const auto value = TRY(app.stores.secrets.open(*secret));
                findings[{secret->id, secret->version}] = {rules.keyed_hash(value.reveal()),
                                                           clone::find_reach(value.reveal(), rules)};
            }
        return {};
    };
    for (const auto& service : desired.services) TRY(inspect(service.env));
    for (const auto& job : desired.jobs) TRY(inspect(job.env));
    return findings;
}

Error refusal_of(const clone::Violation& violation)
{
    return {ErrorKind::refused,
            clone::describe(violation),
            {},
            "give previews a value of their own: ramet vars set … --previews, or accept it under previews.allow_reach"};
}

}  // namespace

Result<std::vector<Error>> find_reaches(App& app, const Wanted& wanted, Prepared& prepared)
{
    const auto owned = TRY(all_fingerprints(app, wanted, prepared.cloned.file));
    if (owned.empty()) return std::vector<Error>();
    const auto key = TRY(app.stores.secrets.get_fingerprint_key(wanted.project.id));
    const auto keyed_hash = [&](std::string_view value) { return secrets::fingerprint(key, value); };
    const std::set<std::string> own_addresses;
    const clone::ReachRules rules{owned, own_addresses, keyed_hash};
    clone::GuardInput input{prepared.desired, owned, prepared.policy.allow_reach};
    if (wanted.base->is_protected) input.protected_base = wanted.base->name;
    input.secrets = TRY(inspect_secrets(app, prepared.desired, rules));
    input.keyed_hash = keyed_hash;
    const auto report = clone::inspect_reach(input);
    prepared.accepted = report.accepted;
    std::vector<Error> refusals;
    for (const auto& violation : report.violations) {
        const auto refusal = refusal_of(violation);  // g++ 12 warns falsely of the temporary's move at -O2.
        refusals.push_back(refusal);
    }
    return refusals;
}

}  // namespace ramet::app
