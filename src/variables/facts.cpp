#include "variables/facts.hpp"

#include "variables/segments.hpp"

#include <algorithm>

namespace ramet::variables {
namespace {

using Kind = PlaceholderKind;

Segment address_part(const std::string& resource, const std::string& output, const std::string& shared)
{
    return shared.empty() ? Segment(OutputReference{resource, output}) : Segment(shared);
}

/// host:port, which a URL has in its middle.
ResolvedValue address(const std::string& resource, const std::string& shared_host, const std::string& shared_port)
{
    ResolvedValue value;
    append(value,
           {address_part(resource, "host", shared_host), Segment(":"), address_part(resource, "port", shared_port)});
    return value;
}

Result<ResolvedValue> service_output(const ServiceFacts& service, const std::string& output)
{
    const auto resource = "service/" + service.name;
    if (output == "public_url") {
        if (service.public_url.empty())
            return fail(ErrorKind::invalid, "'{}' is not public, so it has no public_url", service.name);
        return ResolvedValue{service.public_url};
    }
    if (service.listening == Listening::no)
        return fail(ErrorKind::invalid, "'{}' has no port, so it has no {}", service.name, output);
    if (output == "host") return ResolvedValue{address_part(resource, "host", service.shared_host)};
    if (output == "port") return ResolvedValue{address_part(resource, "port", service.shared_port)};
    ResolvedValue url{std::string("http://")};
    append(url, address(resource, service.shared_host, service.shared_port));
    return url;
}

ResolvedValue database_url(const DatabaseFacts& database)
{
    const auto resource = "database/" + database.name;
    ResolvedValue url;
    switch (database.type) {
    case DatabaseType::redis: append(url, {Segment("redis://:")}); break;
    case DatabaseType::postgres: append(url, {Segment("postgres://" + database.user + ":")}); break;
    case DatabaseType::mysql:
    case DatabaseType::mariadb: append(url, {Segment("mysql://" + database.user + ":")}); break;
    }
    append(url, {Segment(database.password), Segment("@")});
    append(url, address(resource, database.shared_host, database.shared_port));
    append(url, {Segment("/" + (database.type == DatabaseType::redis ? "0" : database.database_name))});
    return url;
}

Result<ResolvedValue> database_output(const DatabaseFacts& database, const std::string& output)
{
    const auto resource = "database/" + database.name;
    const bool is_redis = database.type == DatabaseType::redis;
    if (output == "url") return database_url(database);
    if (output == "host") return ResolvedValue{address_part(resource, "host", database.shared_host)};
    if (output == "port") return ResolvedValue{address_part(resource, "port", database.shared_port)};
    if (output == "password") return ResolvedValue{database.password};
    if (output == "name") return ResolvedValue{is_redis ? std::string("0") : database.database_name};
    if (is_redis) return fail(ErrorKind::invalid, "'{}' is Redis; it has a password and no user", database.name);
    return ResolvedValue{database.user};
}

Result<ResolvedValue> pull_request_fact(const ResolutionInput& input, const Placeholder& placeholder)
{
    if (!input.pull_request)
        return fail(ErrorKind::invalid, "'{}' has no value: {} is not made for a pull request", to_string(placeholder),
                    input.environment);
    if (placeholder.kind == Kind::pr_number) return ResolvedValue{std::to_string(input.pull_request->number)};
    return ResolvedValue{input.pull_request->author};
}

template <typename Facts>
const Facts* find(const std::vector<Facts>& list, const std::string& name)
{
    const auto found = std::ranges::find(list, name, &Facts::name);
    return found == list.end() ? nullptr : &*found;
}

}  // namespace

Result<ResolvedValue> fact(const ResolutionInput& input, const std::string& reader, const Placeholder& placeholder)
{
    switch (placeholder.kind) {
    case Kind::git_sha: return ResolvedValue{input.git.sha};
    case Kind::git_short_sha: return ResolvedValue{input.git.sha.substr(0, 7)};
    case Kind::git_branch: return ResolvedValue{input.git.branch};
    case Kind::pr_number:
    case Kind::pr_author: return pull_request_fact(input, placeholder);
    case Kind::env: return ResolvedValue{input.environment};
    case Kind::project: return ResolvedValue{input.project};
    case Kind::service: return ResolvedValue{reader};
    case Kind::domain: return ResolvedValue{input.domain};
    case Kind::service_output:
        if (const auto* service = find(input.services, placeholder.name))
            return service_output(*service, placeholder.output);
        return fail(ErrorKind::invalid, "there is no service '{}' in {}", placeholder.name, input.environment);
    case Kind::database_output:
        if (const auto* database = find(input.databases, placeholder.name))
            return database_output(*database, placeholder.output);
        return fail(ErrorKind::invalid, "there is no database '{}' in {}", placeholder.name, input.environment);
    case Kind::variable: break;
    }
    return fail(ErrorKind::internal, "{} is no fact", to_string(placeholder));
}

}  // namespace ramet::variables
