#include "config/keys.hpp"

#include "domain/names.hpp"

namespace ramet::config {
namespace {

/// Parts of a target that only clusters serve: kept as text, so that `plan` can list them.
using Flat = std::map<std::string, std::string>;

Type<Flat> flat_object(const Object<Flat>& (*object)())
{
    return object_type(object);
}

/// Assigns a text under a fixed name.
auto into(std::string name)
{
    return [name = std::move(name)](Flat& flat, const std::string& value) { flat[name] = value; };
}

/// Takes over a part under its own prefix: "ingress" + "class" → "ingress.class".
auto under(std::string prefix)
{
    return [prefix = std::move(prefix)](TargetDeclaration& target, const Flat& part) {
        for (const auto& [name, value] : part) target.other[prefix + "." + name] = value;
    };
}

const Object<Flat>& ingress_object()
{
    static const auto table = [] {
        Object<Flat> object("ingress");
        object.key("class", "class of the ingress controller", text(argument_rule()), into("class"),
                   Presence::required);
        return object;
    }();
    return table;
}

const Object<Flat>& gateway_object()
{
    static const auto table = [] {
        Object<Flat> object("gateway");
        object.key("name", "name of the Gateway", text(argument_rule()), into("name"), Presence::required);
        object.key("namespace", "its namespace", text(argument_rule()), into("namespace"));
        return object;
    }();
    return table;
}

const Object<Flat>& tls_object()
{
    static const auto table = [] {
        Object<Flat> object("tls");
        object.key("issuer", "`local`, an issuer of the cluster, or an ACME directory", text(url_rule()),
                   into("issuer"), Presence::required);
        return object;
    }();
    return table;
}

const Object<Flat>& registry_object()
{
    static const auto table = [] {
        Object<Flat> object("registry");
        object.key("url", "where images are pushed", text(url_rule()), into("url"), Presence::required);
        object.key("credentials", "how to sign in there", secret_reference_type(), into("credentials"));
        return object;
    }();
    return table;
}

void add_cluster_keys(Object<TargetDeclaration>& object)
{
    const auto keep = [](std::string name) {
        return [name = std::move(name)](TargetDeclaration& target, const std::string& value) {
            target.other[name] = value;
        };
    };
    object.key("context", "context of the kubeconfig", text(argument_rule()), keep("context"));
    object.key("ingress", "how requests come in", flat_object(&ingress_object), under("ingress"));
    object.key("gateway", "how requests come in, by the Gateway API", flat_object(&gateway_object), under("gateway"));
    object.key("tls", "certificates: one wildcard for the domain", flat_object(&tls_object), under("tls"));
    object.key("registry", "where images are kept", flat_object(&registry_object), under("registry"));
    object.key("storage_class", "storage class of volumes", text(argument_rule()), keep("storage_class"));
    object.key("pool", "clusters for `isolation: cluster`", list_of(text(argument_rule())),
               [](TargetDeclaration& target, const std::vector<std::string>& contexts) {
                   for (const auto& context : contexts)
                       target.other["pool"] += (target.other["pool"].empty() ? "" : ", ") + context;
               });
}

const Object<TargetDeclaration>& target_object()
{
    static const auto table = [] {
        Object<TargetDeclaration> object("target");
        object.key(
            "type", "what kind of place it is",
            one_of<TargetType>(
                {{"local", TargetType::local}, {"kubernetes", TargetType::kubernetes}, {"aws", TargetType::aws}}),
            &TargetDeclaration::type, Presence::required);
        object.key("domain", "public hosts stand one label below it", text(host_rule()), &TargetDeclaration::domain);
        add_cluster_keys(object);
        return object;
    }();
    return table;
}

const Object<EnvironmentDeclaration>& environment_object()
{
    static const auto table = [] {
        Object<EnvironmentDeclaration> object("environment");
        object.key("branch", "what it deploys; its file is the trusted one", text(branch_rule()),
                   &EnvironmentDeclaration::branch);
        object.key("protected", "no preview may reach it or get its secrets", boolean(),
                   &EnvironmentDeclaration::is_protected);
        object.key("target", "where it is placed", text(name_rule()), &EnvironmentDeclaration::target);
        object.key("namespace", "adopts what others made there: read only, protected", text(name_rule()),
                   &EnvironmentDeclaration::adopted_namespace);
        object.key("vars", "variables of this environment", variables_type(), &EnvironmentDeclaration::vars);
        return object;
    }();
    return table;
}

}  // namespace

Type<TargetDeclaration> target_type()
{
    return object_type(&target_object);
}
Type<EnvironmentDeclaration> environment_type()
{
    return object_type(&environment_object);
}

}  // namespace ramet::config
