#include "domain/project_file.hpp"

#include "domain/pull_request.hpp"

#include <doctest/doctest.h>

using namespace ramet;

TEST_CASE("things of a project file are found by their name")
{
    ProjectFile file;
    file.services = {Service{.name = "web"}, Service{.name = "api"}};
    file.databases = {Database{.name = "db"}};
    file.jobs = {Job{.name = "migrate"}};
    file.environments = {EnvironmentDeclaration{.name = "staging"}};
    file.targets = {TargetDeclaration{.name = "here"}};

    CHECK(file.find_service("api") == &file.services[1]);
    CHECK(file.find_service("db") == nullptr);
    CHECK(file.find_database("db") == &file.databases[0]);
    CHECK(file.find_job("migrate") == &file.jobs[0]);
    CHECK(file.find_environment("staging") == &file.environments[0]);
    CHECK(file.find_target("here") == &file.targets[0]);
    CHECK(file.find_target("there") == nullptr);
}

TEST_CASE("words of the file format are spelled as the format spells them")
{
    CHECK(to_string(JobMoment::before_start) == "before-start");
    CHECK(to_string(JobMoment::after_ready) == "after-ready");
    CHECK(to_string(ForkPolicy::no_secrets) == "no-secrets");
    CHECK(to_string(Isolation::namespace_) == "namespace");
    CHECK(to_string(DataStrategy::shared) == "shared");
    CHECK(to_string(DatabaseType::redis) == "redis");
    CHECK(to_string(TargetType::kubernetes) == "kubernetes");
    CHECK(to_string(Need::completed) == "completed");
    CHECK(to_string(Strategy::recreate) == "recreate");
}

TEST_CASE("a commit is 40 or 64 lower-case hexadecimal digits")
{
    CHECK(is_commit_sha(std::string(40, 'a')));
    CHECK(is_commit_sha(std::string(64, '0')));
    CHECK_FALSE(is_commit_sha(std::string(40, 'A')));
    CHECK_FALSE(is_commit_sha(std::string(39, 'a')));
    CHECK_FALSE(is_commit_sha("--output=x"));
    CHECK(short_sha(CommitSha("0123456789abcdef")) == "0123456");
    CHECK(to_string(PullRequestState::merged) == "merged");
}
