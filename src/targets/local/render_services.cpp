#include "targets/local/render_pieces.hpp"
#include "targets/local/values.hpp"

#include <algorithm>

namespace ramet::targets::local {
namespace {

Json encode_health(const Service& service)
{
    if (!service.port) return json::object{{"kind", "none"}, {"timeout_ms", HealthCheck{}.timeout.count()}};
    const auto health = service.health.value_or(HealthCheck{});
    if (health.http_path.empty()) return json::object{{"kind", "tcp"}, {"timeout_ms", health.timeout.count()}};
    return json::object{{"kind", "http"}, {"path", health.http_path}, {"timeout_ms", health.timeout.count()}};
}

ProgramParts parts_of(const Rendering& rendering, const DesiredService& service)
{
    const auto& declared = service.declared;
    return {service.name,   declared.build, declared.image,     declared.run,
            declared.paths, service.env,    service.input_hash, rendering.desired.deploy.timeout};
}

Result<void> render_service(Rendering& rendering, const DesiredService& service)
{
    const auto& declared = service.declared;
    std::vector<std::string> needs = {address_path(service.name)};
    for (const auto& [name, need] : declared.needs) needs.push_back(path_of_need(rendering, name, need));
    add_first_jobs(rendering, service, needs);
    auto spec = TRY(render_program(rendering, parts_of(rendering, service), needs));
    spec["service"] = service.name;
    spec["replicas"] = declared.replicas;
    spec["strategy"] = to_string(declared.strategy);
    spec["health"] = encode_health(declared);
    // Counted up by people who ask for a restart: another version, so that it is taken in like any other.
    if (service.restarts_asked > 0) spec["restarts_asked"] = service.restarts_asked;
    rendering.add({.path = service_path(service.name),
                   .kind = "local.service",
                   .spec = std::move(spec),
                   .needs = std::move(needs),
                   .outputs = {"host", "port"}});
    return {};
}

}  // namespace

std::string path_of_need(const Rendering& rendering, const std::string& name, Need need)
{
    if (rendering.has_database(name)) return fmt::format("database/{}", name);
    // Its address takes connections as soon as it is held, and keeps them until somebody answers.
    if (rendering.has_service(name)) return need == Need::started ? address_path(name) : service_path(name);
    const auto* job = rendering.find_job(name);
    const bool runs_before =
        job != nullptr && (job->declared.when == JobMoment::before_start || job->declared.when == JobMoment::seed);
    return runs_before && rendering.has_node(job_path(name)) ? job_path(name) : std::string();
}

void render_service_builds(Rendering& rendering)
{
    for (const auto& service : rendering.desired.services)
        if (is_own(service)) render_build(rendering, parts_of(rendering, service));
}

Result<void> render_services(Rendering& rendering)
{
    for (const auto& service : rendering.desired.services)
        if (is_own(service)) TRY(render_service(rendering, service));
    return {};
}

void render_routes(Rendering& rendering)
{
    for (const auto& service : rendering.desired.services) {
        if (!is_own(service)) continue;
        for (const auto& host : service.public_hosts) {
            const auto address = address_path(service.name);
            std::vector<std::string> needs = {address};
            if (rendering.has_node(service_path(service.name))) needs.push_back(service_path(service.name));
            rendering.add({.path = fmt::format("route/{}/{}", service.name, host),
                           .kind = "local.route",
                           .spec = json::object{{"host", host},
                                                {"service", service.name},
                                                {"environment", rendering.desired.name},
                                                {"upstream_host", output_of(address, "host")},
                                                {"upstream_port", output_of(address, "port")}},
                           .needs = std::move(needs),
                           .outputs = {"host"}});
        }
    }
}

}  // namespace ramet::targets::local
