#include "config/support.hpp"

#include "base/file.hpp"
#include "config/parse.hpp"
#include "config/schema.hpp"
#include "config/support_rules.hpp"

#include <doctest/doctest.h>

#include <set>

using namespace ramet;
using namespace ramet::config;

namespace {

ProjectFile everything()
{
    return parse_project_file(
               read_file(std::filesystem::path(RAMET_SOURCE_DIR) / "tests/data/config/everything.yaml").value(),
               "ramet.yaml")
        .value();
}

std::set<std::string> refused_paths(const SupportReport& report)
{
    std::set<std::string> paths;
    for (const auto& error : report.refusals) paths.insert(error.message.substr(0, error.message.find(": ")));
    return paths;
}

std::set<std::string> unapplied_paths(const SupportReport& report)
{
    std::set<std::string> paths;
    for (const auto& key : report.not_applied) paths.insert(key.path);
    return paths;
}

SupportReport asked(const std::string& text, const SupportQuestion& question = {.declared_target = "here"})
{
    const auto file = parse_project_file("version: 1\nproject: p\n" + text, "f");
    if (!file) FAIL(file.error().where << " " << file.error().message);
    return check_supported(*file, question);
}

}  // namespace

TEST_CASE(
    "under --target here a file for a cluster is refused by what is not served, and the cluster's own keys are listed")
{
    const auto report = check_supported(everything(), {.placement = Placement::here, .declared_target = "eks-eu"});
    CHECK(refused_paths(report) ==
          std::set<std::string>{"imports", "services.api.volumes", "services.web.domains", "services.search.helm",
                                "services.legacy.manifests", "jobs.nightly.when", "network", "notify",
                                "previews.domains.access", "previews.data.db.mask", "previews.data.db.refresh",
                                "previews.repos", "previews.drift", "previews.lifecycle.sleep_after",
                                "previews.lifecycle.wake", "previews.limits.cost_per_day"});
    CHECK(unapplied_paths(report) == std::set<std::string>{"services.web.image", "services.web.build.dockerfile",
                                                           "services.api.resources", "targets.eks-eu.context",
                                                           "targets.eks-eu.ingress", "targets.eks-eu.tls",
                                                           "targets.eks-eu.registry", "targets.eks-eu.storage_class",
                                                           "targets.eks-eu.pool", "previews.isolation"});
    for (const auto& error : report.refusals) {
        CHECK(error.kind == ErrorKind::refused);
        CHECK(error.where.starts_with("ramet.yaml:"));
    }
}

TEST_CASE("a base is not refused for what only previews use")
{
    const auto paths = refused_paths(check_supported(
        everything(), {.placement = Placement::here, .declared_target = "eks-eu", .planned = Planned::base}));
    CHECK(paths.contains("imports"));
    for (const auto& path : paths) CHECK_FALSE(path.starts_with("previews."));
}

TEST_CASE("a target that is not served at all is refused in words")
{
    const auto report = check_supported(everything(), {.target = TargetType::aws, .declared_target = "eks-eu"});
    REQUIRE(report.refusals.size() == 1);
    CHECK(report.refusals[0].message.find("targets.eks-eu.type: aws: this target is not served yet; `--target here`") ==
          0);
}

TEST_CASE("on a cluster a file is refused by what is not served there yet")
{
    const auto report = check_supported(everything(), {.target = TargetType::kubernetes, .declared_target = "eks-eu"});
    CHECK(refused_paths(report) == std::set<std::string>{"imports",
                                                         "services.api",
                                                         "services.worker",
                                                         "services.api.volumes",
                                                         "services.web.domains",
                                                         "services.search.helm",
                                                         "services.legacy.manifests",
                                                         "jobs.migrate",
                                                         "jobs.seed",
                                                         "jobs.nightly",
                                                         "network",
                                                         "notify",
                                                         "targets.eks-eu.tls",
                                                         "targets.eks-eu.pool",
                                                         "previews.domains.access",
                                                         "previews.share",
                                                         "previews.data.db",
                                                         "previews.data.db.mask",
                                                         "previews.data.db.refresh",
                                                         "previews.repos",
                                                         "previews.lifecycle.sleep_after",
                                                         "previews.lifecycle.wake",
                                                         "previews.limits.cost_per_day"});
    CHECK(unapplied_paths(report) == std::set<std::string>{"services.web.build", "services.api.build"});
}

TEST_CASE("on a cluster each rule refuses what it names and nothing beside it")
{
    const std::string head = "services: {web: {image: nginx, port: 1}}\nenvironments: {s: {branch: main}}\n";
    const std::string databases = "databases: {db: {type: postgres}, cache: {type: redis}}\n";
    struct Case {
        std::string story, text;
        std::set<std::string> refused;
    };
    const Case cases[] = {
        {"an image alone", head + "previews: {base: s}", {}},
        {"an image beside a build", "services: {web: {image: nginx, build: {context: .}, run: x}}", {}},
        {"a build alone", "services: {web: {build: {context: .}, run: x}}", {"services.web"}},
        {"a job without an image", "jobs: {j: {run: x, when: seed}}", {"jobs.j"}},
        {"a database of which nothing is said", head + databases + "previews: {base: s}", {"databases.db"}},
        {"a database that is cloned",
         head + databases + "previews: {base: s, data: {db: {strategy: clone}}}",
         {"previews.data.db"}},
        {"a database that is seeded", head + databases + "previews: {base: s, data: {db: {strategy: seed}}}", {}},
        {"a database that is shared",
         head + databases + "previews: {base: s, data: {db: {strategy: shared}}}",
         {"previews.data.db.strategy"}},
        {"a namespace each", head + "previews: {base: s, isolation: namespace}", {}},
        {"a cluster each", head + "previews: {base: s, isolation: cluster}", {"previews.isolation"}},
        {"resources", "services: {web: {image: nginx, resources: {memory: 64Mi}}}", {}},
        {"a schedule", "jobs: {j: {image: nginx, run: x, when: \"cron 0 3 * * *\"}}", {}},
        {"a volume that begins empty",
         "services: {web: {image: nginx, volumes: [{name: v, path: /v, size: 1Gi}]}}\nenvironments: {s: {branch: "
         "main}}\npreviews: {base: s}",
         {}},
        {"a volume that is cloned",
         "services: {web: {image: nginx, volumes: [{name: v, path: /v, size: 1Gi, clone: true}]}}\nenvironments: {s: "
         "{branch: main}}\npreviews: {base: s}",
         {"services.web.volumes"}},
    };
    for (const auto& [story, text, refused] : cases) {
        CAPTURE(story);
        CHECK(refused_paths(asked(text, {.target = TargetType::kubernetes, .declared_target = "k"})) == refused);
    }
}

TEST_CASE("each rule refuses what it names and nothing beside it")
{
    const std::string head = "services: {web: {run: x, port: 1}}\ndatabases: {db: {type: postgres}, cache: {type: "
                             "redis}}\nenvironments: {s: {branch: main}}\n";
    struct Case {
        std::string story, text;
        std::set<std::string> refused;
    };
    const Case cases[] = {
        {"nothing unusual", head + "previews: {base: s}", {}},
        {"public access said", head + "previews: {base: s, domains: {access: public}}", {}},
        {"login", head + "previews: {base: s, domains: {access: login}}", {"previews.domains.access"}},
        {"isolation by process", head + "previews: {base: s, isolation: process}", {}},
        {"isolation by cluster", head + "previews: {base: s, isolation: cluster}", {"previews.isolation"}},
        {"a clone of redis",
         head + "previews: {base: s, data: {cache: {strategy: clone}}}",
         {"previews.data.cache.strategy"}},
        {"drift, even as it is by default", head + "previews: {base: s, drift: mend}", {"previews.drift"}},
        {"a managed block beside a container", "databases: {db: {type: postgres, managed: {provider: aws-rds}}}", {}},
        {"a managed database", "databases: {db: {type: postgres, mode: managed}}", {"databases.db.mode"}},
        {"mysql", "databases: {db: {type: mysql}}", {"databases.db.type"}},
        {"an image alone", "services: {web: {image: nginx}}", {"services.web"}},
        {"an image beside a build", "services: {web: {image: nginx, build: {context: .}, run: x}}", {}},
        {"a Dockerfile alone", "services: {web: {build: {dockerfile: Dockerfile}}}", {"services.web"}},
        {"an image alone that previews share",
         "services: {web: {image: nginx}}\nenvironments: {s: {branch: main}}\npreviews: {base: s, share: [web]}",
         {}},
        {"an image alone that previews leave out",
         "services: {web: {image: nginx}}\nenvironments: {s: {branch: main}}\npreviews: {base: s, services: {web: "
         "{replicas: 0}}}",
         {}},
        {"another target's keys", "targets: {k: {type: kubernetes, context: c}}", {}},
        {"a local target with a registry",
         "targets: {here: {type: local, registry: {url: r.example.com}}}",
         {"targets.here.registry"}},
    };
    for (const auto& [story, text, refused] : cases) {
        CAPTURE(story);
        CHECK(refused_paths(asked(text)) == refused);
    }
}

TEST_CASE("every rule names a key of the format")
{
    const auto patterns = all_key_patterns();
    for (const auto& rules : {local_rules(), kubernetes_rules()})
        for (const auto& rule : rules) CHECK_MESSAGE(std::ranges::count(patterns, rule.pattern) == 1, rule.pattern);
}

TEST_CASE("the table of support has a line for every key")
{
    const auto lines = support_table();
    CHECK(lines.size() == all_key_patterns().size());
    const auto line = std::ranges::find(lines, "previews.lifecycle.sleep_after", &SupportLine::pattern);
    REQUIRE(line != lines.end());
    CHECK(line->local == "no: sleeping is not served yet");
    CHECK(line->kubernetes == "no: sleeping is not served yet");
    const auto ingress = std::ranges::find(lines, "targets.*.ingress", &SupportLine::pattern);
    REQUIRE(ingress != lines.end());
    CHECK(ingress->kubernetes == "yes");
    CHECK(support_text().find("services.*.run") != std::string::npos);
}
