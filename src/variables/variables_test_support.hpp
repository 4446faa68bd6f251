#pragma once

#include "variables/resolve.hpp"
#include "variables/segments.hpp"

#include <string>

namespace ramet::variables::testing {

inline Candidate candidate(std::string key, DeclaredValue value, Place place, std::string set_by = {})
{
    Provenance where{.file = "ramet.yaml", .line = 5, .column = 3};
    if (!set_by.empty()) where = {.set_by = set_by};
    auto path = describe(place) + "." + key + set_by;
    return {.variable = {.key = std::move(key), .value = std::move(value), .where = where},
            .place = std::move(place),
            .path = std::move(path)};
}

inline Candidate text(std::string key, std::string value, Place place = {}, std::string set_by = {})
{
    return candidate(std::move(key), TextValue{std::move(value)}, std::move(place), std::move(set_by));
}

inline SecretCandidate secret(std::string name, std::int64_t version, Place place = {}, bool is_protected = false)
{
    const SecretReference reference{.id = name + "@" + describe(place), .version = version, .name = name};
    return {.reference = reference, .place = std::move(place), .is_protected = is_protected, .set_by = "alice at noon"};
}

/// A preview pr-42 of staging with a web, an api, PostgreSQL and Redis.
inline ResolutionInput preview_input()
{
    ResolutionInput input;
    input.project = "shop";
    input.environment = "pr-42";
    input.base = "staging";
    input.kind = ReaderKind::preview;
    input.domain = "localhost";
    input.git = {.sha = "0123456789abcdef0123456789abcdef01234567", .branch = "feature/x"};
    input.pull_request = PullRequestFacts{.number = 42, .author = "alice"};
    input.readers = {"api", "web"};
    input.databases = {{.name = "db",
                        .type = DatabaseType::postgres,
                        .user = "app",
                        .database_name = "shop",
                        .password = {.id = "s1", .version = 2, .name = "db password"}},
                       {.name = "cache",
                        .type = DatabaseType::redis,
                        .password = {.id = "s2", .version = 1, .name = "cache password"}}};
    input.services = {{.name = "api", .public_url = "http://api-pr-42.localhost:8080"},
                      {.name = "worker", .listening = Listening::no},
                      {.name = "web"},
                      {.name = "mail", .public_url = "", .shared_host = "127.0.0.1", .shared_port = "20001"}};
    return input;
}

inline ResolutionInput base_input()
{
    auto input = preview_input();
    input.environment = "staging";
    input.base.clear();
    input.kind = ReaderKind::base;
    input.pull_request.reset();
    return input;
}

/// What a reader gets for a key, as text for people; "-" when it is not set.
inline std::string value_of(const Resolution& resolution, const std::string& reader, const std::string& key)
{
    const auto& values = resolution.values.at(reader);
    const auto found = values.find(key);
    return found == values.end() ? "-" : describe(found->second);
}

inline std::string value_of(const ResolutionInput& input, const std::string& reader, const std::string& key)
{
    return value_of(resolve_variables(input), reader, key);
}

}  // namespace ramet::variables::testing
