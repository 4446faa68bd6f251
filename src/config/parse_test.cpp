#include "config/parse.hpp"

#include "base/file.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <functional>

using namespace ramet;
using namespace ramet::config;

namespace {

std::string data(std::string_view name)
{
    return read_file(std::filesystem::path(RAMET_SOURCE_DIR) / "tests/data/config" / name).value();
}

ProjectFile parsed(std::string_view text)
{
    auto file = parse_project_file_fully(text, "f");
    if (!file)
        for (const auto& error : file.error()) MESSAGE(error.where << ": " << error.message);
    REQUIRE(file.has_value());
    return *file;
}

const std::string smallest = "version: 1\nproject: p\n";

}  // namespace

TEST_CASE("the example that uses every key is read whole")
{
    const auto file = parsed(data("everything.yaml"));
    CHECK(file.project == "shop");
    CHECK(file.services.size() == 5);
    CHECK(file.databases.size() == 2);
    CHECK(file.jobs.size() == 4);
    CHECK(file.environments.size() == 3);
    CHECK(file.targets.size() == 2);

    const auto& api = *file.find_service("api");
    CHECK(api.port == 8080);
    CHECK(api.is_public);
    CHECK(api.needs.at("migrate") == Need::completed);
    CHECK(api.resources.memory_bytes == 256LL << 20);
    CHECK(api.resources.cpu_millis == 500);
    CHECK(api.volumes.at(0).size_bytes == 1LL << 30);
    CHECK(std::get<std::string>(*api.run) == "./api --listen $HOST:$PORT");
    CHECK(std::get<AliasValue>(api.env.at(1).value).target == "DATABASE_URL");

    const auto& policy = file.previews.value();
    CHECK(policy.base == "staging");
    CHECK(policy.forks == ForkPolicy::approve);
    CHECK(policy.data.at("db").max_age == Milliseconds{24 * 3'600'000});
    CHECK(policy.data.at("db").fallback == DataStrategy::seed);
    CHECK(policy.lifecycle.ttl == Milliseconds{72 * 3'600'000});
    CHECK(policy.limits.memory_bytes == 8LL << 30);
    CHECK(policy.access == Access::login);
    CHECK(policy.share == std::vector<std::string>{"mailhog"});
    CHECK(file.find_job("nightly")->cron == "0 3 * * *");
    CHECK(file.find_environment("old-prod")->is_protected);
    CHECK(file.find_target("eks-eu")->other.at("pool") == "eks-preview-1, eks-preview-2");
}

TEST_CASE("`from` copies build, image, env and resources, and nothing else")
{
    const auto file = parsed(data("everything.yaml"));
    const auto& worker = *file.find_service("worker");
    CHECK(worker.build->context == "apps/api");
    CHECK(worker.env.size() == 3);
    CHECK(worker.resources.memory_bytes == 256LL << 20);
    CHECK(worker.replicas == 2);
    CHECK_FALSE(worker.port.has_value());
    CHECK_FALSE(worker.is_public);
    CHECK_FALSE(worker.health.has_value());
    CHECK(worker.needs.empty());
    CHECK(worker.volumes.empty());
    CHECK(file.find_job("migrate")->build->context == "apps/api");
}

TEST_CASE("what is said beside `from` wins, also through two of them")
{
    const auto file = parsed(smallest + R"(services:
  c: {from: b, run: ./c, env: {B: "3"}}
  b: {from: a, run: ./b, env: {A: "2"}, resources: {cpu: 1}}
  a: {build: {context: a}, run: ./a, env: {A: "1", B: "1"}, resources: {memory: 1Mi}}
)");
    const auto& c = *file.find_service("c");
    REQUIRE(c.env.size() == 2);
    CHECK(c.env[0].key == "B");
    CHECK(std::get<TextValue>(c.env[0].value).text == "3");
    CHECK(std::get<TextValue>(c.env[1].value).text == "2");
    CHECK(c.resources.cpu_millis == 1000);
    CHECK(c.resources.memory_bytes == 1 << 20);
}

TEST_CASE("what is unsaid has the defaults of the format")
{
    const auto file = parsed(smallest + R"(services:
  web: {run: ./web}
environments:
  staging: {branch: main}
previews: {base: staging}
)");
    const auto& web = *file.find_service("web");
    CHECK(web.build == Build{});
    CHECK(web.replicas == 1);
    CHECK(web.strategy == Strategy::rolling);
    CHECK(file.find_environment("staging")->target == "here");
    CHECK(file.find_target("here")->type == TargetType::local);
    PreviewPolicy wanted{.base = "staging"};
    wanted.where = file.previews->where;
    CHECK(*file.previews == wanted);
    CHECK(wanted.forks == ForkPolicy::off);
    CHECK(wanted.deploy.on_failure == OnFailure::keep_last_good);
    CHECK(wanted.limits.min_free_disk_bytes == 5LL << 30);
}

TEST_CASE("values keep the text that the file says")
{
    const auto file = parsed(smallest + R"(vars:
  A: 007
  B: yes
  C: "1.0"
  D: 1.10
  E: ""
  F: |
    two
    lines
  G: {generate: random, length: 16, secret: true}
)");
    const auto value = [&](std::size_t i) { return std::get<TextValue>(file.vars.at(i).value).text; };
    CHECK(value(0) == "007");
    CHECK(value(1) == "yes");
    CHECK(value(2) == "1.0");
    CHECK(value(3) == "1.10");
    CHECK(value(4).empty());
    CHECK(value(5) == "two\nlines\n");
    CHECK(std::get<GeneratedValue>(file.vars.at(6).value) == GeneratedValue{16, true});
    CHECK(file.vars.at(3).where == Provenance{.file = "f", .line = 7, .column = 3});
}

TEST_CASE("every key that is used is known with its place")
{
    const auto file = parsed(data("everything.yaml"));
    const auto used = [&](std::string_view path) {
        return std::ranges::find(file.used_keys, path, &UnservedKey::path) != file.used_keys.end();
    };
    for (const auto* path :
         {"imports", "services.api.volumes", "services.search.helm", "previews.lifecycle.sleep_after", "notify",
          "databases.db.managed", "targets.eks-eu.ingress.class", "services.web.domains.0.preview"})
        CHECK_MESSAGE(used(path), path);
}

TEST_CASE("all errors are told, in the order of the file")
{
    const auto file = parse_project_file_fully(
        "version: 1\nproject: P\nservices:\n  web: {prot: 1}\n  api: {run: x, port: 0}\n", "f");
    REQUIRE_FALSE(file.has_value());
    std::vector<std::string> places;
    for (const auto& error : file.error()) places.push_back(error.where);
    CHECK(places == std::vector<std::string>{"f:2:10", "f:4:3", "f:4:9", "f:5:23"});

    const auto first = parse_project_file("version: 1\nproject: P\nx: 1\n", "f");
    CHECK(first.error().where == "f:2:10");
    CHECK(first.error().evidence == "and 1 more; `ramet config validate` shows all");
}

TEST_CASE("files that were made to be slow are answered within a second, whatever they are full of")
{
    const auto repeated = [](std::size_t count, const std::function<std::string(std::size_t)>& line) {
        std::string text;
        for (std::size_t i = 0; i < count && text.size() < 1'000'000; ++i) text += line(i);
        return text;
    };
    const auto services =
        "services:\n" + repeated(500, [](std::size_t i) { return fmt::format("  s{}: {{run: x, port: 1}}\n", i); });
    struct Case {
        std::string story, text;
    };
    const Case cases[] = {
        {"variables", "vars:\n" + repeated(60'000, [](std::size_t i) { return fmt::format("  V{}: x\n", i); })},
        {"wrong variables", "vars:\n" + repeated(60'000, [](std::size_t i) { return fmt::format("  V-{}: x\n", i); })},
        {"unknown keys", repeated(60'000, [](std::size_t i) { return fmt::format("key{}: x\n", i); })},
        {"placeholders of nobody",
         services + "vars:\n" +
             repeated(30'000, [](std::size_t i) { return fmt::format("  V{}: \"${{services.nobody.url}}\"\n", i); })},
        {"needs of nobody", "services:\n  a:\n    run: x\n    needs:\n" +
                                repeated(40'000, [](std::size_t i) { return fmt::format("      n{}: healthy\n", i); })},
        {"too many services",
         "services:\n" + repeated(40'000, [](std::size_t i) { return fmt::format("  s{}: {{run: x}}\n", i); })},
        {"a long chain of from",
         "services:\n  s0: {run: x}\n" +
             repeated(499, [](std::size_t i) { return fmt::format("  s{}: {{from: s{}, run: x}}\n", i + 1, i); })},
        {"a long list",
         "services:\n  a:\n    run: x\n    paths:\n" + repeated(60'000, [](std::size_t) { return "    - a/b\n"; })},
    };
    for (const auto& [story, text] : cases) {
        CAPTURE(story);
        const auto start = std::chrono::steady_clock::now();
        static_cast<void>(parse_project_file_fully(smallest + text, "f"));
        const auto took =
            std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - start);
        CAPTURE(took.count());
        CHECK(took.count() < 3000);  // A second in a release build on an idle machine; this one may be neither.
    }
}
