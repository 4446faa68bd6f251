#include "clone/images.hpp"

#include <doctest/doctest.h>

namespace ramet::clone {

namespace {

const CommitSha head("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
const CommitSha base("bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb");

Cloned with_image(const std::string& image)
{
    Cloned cloned;
    cloned.desired.target_type = TargetType::kubernetes;
    cloned.desired.name = "pr-7";
    cloned.desired.project_name = "shop";
    DesiredService service;
    service.name = service.declared.name = "web";
    service.declared.image = image;
    cloned.desired.services = {service};
    return cloned;
}

Revision revision()
{
    Revision revision{.commit = head, .branch = "search"};
    revision.pull_request.emplace();
    revision.pull_request->number = 7;
    return revision;
}

std::string filled(const std::string& image)
{
    auto cloned = with_image(image);
    fill_images(cloned, revision(), base);
    for (const auto& refusal : cloned.refusals) FAIL(refusal.message);
    return cloned.desired.services.front().declared.image;
}

}  // namespace

TEST_CASE("an image gets what its placeholders stand for")
{
    CHECK(filled("r.example.com/${project}/${service}:${git.sha}") == "r.example.com/shop/web:" + head.str());
    CHECK(filled("r.example.com/web:${git.short_sha}-${git.branch}") == "r.example.com/web:aaaaaaa-search");
    CHECK(filled("r.example.com/web:${env}-${pr.number}") == "r.example.com/web:pr-7-7");
    CHECK(filled("r.example.com/web:1.2") == "r.example.com/web:1.2");
    CHECK(filled("").empty());
}

TEST_CASE("what is copied from the base and has a build runs the image of the base's commit")
{
    struct Row {
        Treatment treatment;
        bool has_build;
        const CommitSha& expected;
    };
    for (const auto& row : {Row{Treatment::copied, true, base}, Row{Treatment::copied, false, head},
                            Row{Treatment::rebuilt, true, head}}) {
        auto cloned = with_image("web:${git.sha}");
        auto& service = cloned.desired.services.front();
        service.treatment = row.treatment;
        if (row.has_build) service.declared.build.emplace();
        fill_images(cloned, revision(), base);
        CHECK(service.declared.image == "web:" + row.expected.str());
    }
}

TEST_CASE("a job runs the image of the service that it is made from, unless it has one of its own")
{
    for (const auto treatment : {Treatment::copied, Treatment::rebuilt}) {
        auto cloned = with_image("web:${git.sha}");
        auto& service = cloned.desired.services.front();
        service.treatment = treatment;
        service.declared.build.emplace();
        DesiredJob from_service;
        from_service.name = "migrate";
        from_service.declared.from = "web";
        from_service.declared.image = service.declared.image;
        auto with_its_own = from_service;
        with_its_own.declared.image = "tools:${git.sha}";
        cloned.desired.jobs = {from_service, with_its_own};
        fill_images(cloned, revision(), base);
        CHECK(cloned.desired.jobs[0].declared.image == service.declared.image);
        CHECK(cloned.desired.jobs[1].declared.image == "tools:" + head.str());
    }
}

TEST_CASE("an image that needs a pull request is refused where there is none, by name")
{
    auto cloned = with_image("web:${pr.number}");
    fill_images(cloned, Revision{.commit = head}, base);
    REQUIRE(cloned.refusals.size() == 1);
    CHECK(cloned.refusals.front().kind == ErrorKind::refused);
    CHECK(cloned.refusals.front().message.contains("the image of web"));
    CHECK(cloned.refusals.front().message.contains("pr.number"));
}

TEST_CASE("on this machine images say nothing, and stay as they are written")
{
    auto cloned = with_image("web:${git.sha}");
    cloned.desired.target_type = TargetType::local;
    fill_images(cloned, revision(), base);
    CHECK(cloned.desired.services.front().declared.image == "web:${git.sha}");
}

}  // namespace ramet::clone
