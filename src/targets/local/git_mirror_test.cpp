#include "targets/local/git_mirror.hpp"

#include "base/text.hpp"
#include "targets/local/git_repository_fixture.hpp"

using namespace ramet;
using namespace ramet::targets::local;

namespace {

struct Mirrored {
    GitRepositoryFixture repository{};
    testing::TemporaryDirectory directory{};

    GitMirror mirror(bool is_alone = true) const
    {
        GitMirror::Options options{.root = directory.path() / "mirrors", .url = repository.url()};
        options.is_alone = is_alone;
        auto opened = GitMirror::open(std::move(options));
        REQUIRE(opened.has_value());
        return std::move(*opened);
    }
};

std::string error_of(const auto& result)
{
    return result.has_value() ? "" : std::string(to_string(result.error().kind)) + ": " + result.error().message;
}

}  // namespace

TEST_CASE("a branch is fetched, and its commit stays although the branch is rewritten")
{
    Mirrored fixture;
    fixture.repository.write("a.txt", "one");
    const auto first = fixture.repository.commit();
    auto mirror = fixture.mirror();
    CHECK(mirror.fetch("refs/heads/main") == first);
    CHECK(mirror.fetch("refs/heads/main") == first);
    fixture.repository.write("a.txt", "two");
    fixture.repository.git({"commit", "--quiet", "--all", "--amend", "--message=rewritten"});
    const auto second = mirror.fetch("refs/heads/main");
    REQUIRE(second.has_value());
    CHECK(*second != first);
    CHECK(mirror.has_commit(first));
    CHECK(mirror.read_file(first, "a.txt") == "one");
    CHECK(mirror.read_file(*second, "a.txt") == "two");
}

TEST_CASE("what a killed git left locked is locked no more")
{
    Mirrored fixture;
    fixture.repository.write("a.txt", "one");
    const auto first = fixture.repository.commit();
    REQUIRE(fixture.mirror().fetch("refs/heads/main").has_value());
    fixture.repository.write("a.txt", "two");
    const auto second = fixture.repository.commit();
    const auto lock_all = [&] {
        const auto path = std::filesystem::directory_iterator(fixture.directory.path() / "mirrors")->path();
        std::vector<Path> refs = {path / "packed-refs", path / "refs/ramet/pins" / first.str(),
                                  path / "refs/ramet/pins" / second.str()};
        for (const auto& entry : std::filesystem::directory_iterator(path / "refs/ramet/incoming"))
            refs.push_back(entry.path());
        for (const auto& ref : refs) REQUIRE(write_file(ref.string() + ".lock", "").has_value());
    };
    lock_all();
    // They may be another server's that fetches just now.
    CHECK_FALSE(fixture.mirror(false).fetch("refs/heads/main").has_value());
    CHECK(fixture.mirror().fetch("refs/heads/main") == second);
    lock_all();
    CHECK(fixture.mirror().ensure_commit(first).has_value());
}

TEST_CASE("a ref or commit that is gone is not found, and a repository that is gone is an error that may pass")
{
    Mirrored fixture;
    fixture.repository.write("a.txt", "one");
    fixture.repository.commit();
    auto mirror = fixture.mirror();
    CHECK(error_of(mirror.fetch("refs/heads/nowhere")).starts_with("not_found: "));
    CHECK(
        error_of(mirror.ensure_commit(CommitSha(std::string(40, 'a')), "refs/heads/main")).starts_with("not_found: "));
    auto gone = *GitMirror::open({.root = fixture.directory.path() / "mirrors", .url = "/nonexistent/repository"});
    const auto fetched = gone.fetch("refs/heads/main");
    REQUIRE_FALSE(fetched.has_value());
    CHECK(is_transient(fetched.error().kind));
}

TEST_CASE("addresses and names that could be options or other transports are refused")
{
    for (const std::string_view url :
         {"", "-x", "--upload-pack=touch /tmp/x", "ext::sh -c true", "file:///etc", "javascript:alert(1)",
          "git://host/x", "https://host/x\ny", "relative/path", "fd::3"}) {
        CAPTURE(url);
        CHECK_FALSE(check_repository_url(url, UrlOrigin::administrator).has_value());
    }
    CHECK(check_repository_url("/srv/git/shop.git", UrlOrigin::administrator).has_value());
    CHECK_FALSE(check_repository_url("/srv/git/shop.git", UrlOrigin::content).has_value());
    CHECK(check_repository_url("https://git.example.com/shop.git", UrlOrigin::content).has_value());
    Mirrored fixture;
    auto mirror = fixture.mirror();
    for (const std::string_view ref : {"--upload-pack=x", "", "a\nb"}) {
        CAPTURE(ref);
        CHECK(error_of(mirror.fetch(ref)).starts_with("invalid: "));
    }
    CHECK(error_of(mirror.tree_hash(CommitSha("--help"), ".")).starts_with("invalid: "));
    for (const std::string_view path : {"../x", "/etc/passwd", "a/../../b", "-x"}) {
        CAPTURE(path);
        CHECK(error_of(mirror.tree_hash(CommitSha(std::string(40, 'a')), path)).starts_with("invalid: "));
    }
}

TEST_CASE("the input hash follows what a build depends on and nothing else")
{
    Mirrored fixture;
    const auto& repository = fixture.repository;
    repository.write("apps/api/main.py", "1");
    repository.write("apps/web/index.html", "1");
    repository.write("packages/ui/button.js", "1");
    const auto start = repository.commit();
    auto mirror = fixture.mirror();
    REQUIRE(mirror.fetch("refs/heads/main").has_value());
    const Build build{.context = "apps/web", .command = ProjectCommand(std::string("make"))};
    const std::vector<std::string> paths = {"packages/ui/**"};
    const auto before = input_hash(mirror, start, build, paths);
    const auto plain = input_hash(mirror, start, build, {});
    REQUIRE(before.has_value());
    REQUIRE(plain.has_value());
    CHECK(*before != *plain);

    const auto after = [&](const std::string& path) {
        repository.write(path, "changed in " + path);
        const auto commit = repository.commit();
        REQUIRE(mirror.fetch("refs/heads/main").has_value());
        return commit;
    };
    const auto other_service = after("apps/api/main.py");
    CHECK(input_hash(mirror, other_service, build, paths) == before);
    CHECK(input_hash(mirror, other_service, build, {}) == plain);
    const auto package = after("packages/ui/button.js");
    CHECK(input_hash(mirror, package, build, paths) != before);
    CHECK(input_hash(mirror, package, build, {}) == plain);
    const auto context = after("apps/web/index.html");
    CHECK(input_hash(mirror, context, build, {}) != plain);

    CHECK(input_hash(mirror, start, {.context = "apps/web", .command = ProjectCommand(std::string("make all"))}, {}) !=
          plain);
    CHECK(input_hash(mirror, start,
                     {.context = "apps/web", .command = ProjectCommand(std::vector<std::string>{"make"})},
                     {}) != plain);
    CHECK(input_hash(mirror, start, {.context = "./apps/web", .command = ProjectCommand(std::string("make"))}, {}) ==
          plain);
    CHECK(error_of(input_hash(mirror, start, {.context = "apps/none"}, {})).starts_with("not_found: "));
}

TEST_CASE("an export holds the context and what paths match, with modes and links, and no .git")
{
    Mirrored fixture;
    const auto& repository = fixture.repository;
    repository.write("apps/web/run.sh", "#!/bin/sh\n");
    std::filesystem::permissions(Path(repository.url()) / "apps/web/run.sh", std::filesystem::perms(0755));
    repository.link("apps/web/lib", "../../packages/ui");
    repository.write("packages/ui/button.js", "b");
    repository.write("apps/api/main.py", "a");
    const auto commit = repository.commit();
    auto mirror = fixture.mirror();
    REQUIRE(mirror.fetch("refs/heads/main").has_value());
    const auto target = fixture.directory.path() / "export";
    std::filesystem::create_directory(target);
    const auto exported = mirror.export_to(target, commit, {"apps/web", {"packages/**"}});
    REQUIRE_MESSAGE(exported.has_value(), error_of(exported));
    CHECK((std::filesystem::status(target / "apps/web/run.sh").permissions() & std::filesystem::perms::owner_exec) !=
          std::filesystem::perms::none);
    CHECK(read_file(target / "apps/web/lib/button.js") == "b");
    CHECK_FALSE(std::filesystem::exists(target / "apps/api"));
    CHECK_FALSE(std::filesystem::exists(target / ".git"));
    CHECK_FALSE(std::filesystem::exists(target.string() + ".index"));
}

TEST_CASE("a link that leads out of the repository is refused, one that stays in is not")
{
    struct Case {
        std::string path, target;
        bool inside;
    };
    const Case cases[] = {
        {"a", "b", true},
        {"a", "/etc/passwd", false},
        {"a", "../x", false},
        {"d/a", "../x", true},
        {"d/a", "../../x", false},
        {"d/a", "..", true},
        {"d/e/a", "../../../x", false},
        {"a", "d/../../x", false},
        {"a", "./d/./../x", true},
    };
    for (const auto& [path, target, inside] : cases) {
        CAPTURE(path);
        CAPTURE(target);
        CHECK(stays_inside(path, target) == inside);
    }
    Mirrored fixture;
    fixture.repository.link("app/shadow", "/etc/shadow");
    const auto commit = fixture.repository.commit();
    auto mirror = fixture.mirror();
    REQUIRE(mirror.fetch("refs/heads/main").has_value());
    const auto target = fixture.directory.path() / "export";
    std::filesystem::create_directory(target);
    const auto exported = mirror.export_to(target, commit, {"app", {}});
    CHECK(error_of(exported).contains("app/shadow leads out of the repository"));
    CHECK(error_of(mirror.read_file(commit, "app/shadow")).starts_with("invalid: "));
}
