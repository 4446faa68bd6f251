#pragma once
// What every adapter of forges::Forge must do, on whatever stands behind it. A fixture gives a fresh repository at a running
// Git host and plays its people:
//
//   static std::string url();                                   the host
//   Forge& forge();                                             with alice's token, who owns the repository
//   std::unique_ptr<Forge> forge_with_small_pages();            the host gives it two entries of a list at a time
//   std::unique_ptr<Forge> forge_of(user);                      with another's; "nobody" has a token that is no token
//   RepositoryName repository;                                  with one commit on main, a file "ramet.yaml"
//   std::string commit(branch, path, text);                     on a branch that begins at main when it is new; the commit
//   std::int64_t open(head, base, user = "alice");              a pull request; "bob:branch" from a fork
//   void edit(number, json::object changes);                    {"state": "closed"}, {"base": "other"}
//   void merge(number); void comment(number, body, user); void add_label(number, name); void fork(user);
//   std::vector<Json> comments(number), statuses(commit), hooks();

#include "base/json.hpp"
#include "forges/forge_observer.hpp"

#include <doctest/doctest.h>

#include <set>

TEST_CASE_TEMPLATE_DEFINE("a repository is described, and what is not there is not found", Fixture,
                          forge_describes_repository)
{
    Fixture host;
    const auto read = host.forge().get_repository(host.repository);
    REQUIRE(read);
    CHECK(read->name == host.repository);
    CHECK(read->default_branch == "main");
    CHECK(read->clone_url == fmt::format("{}/{}.git", host.url(), host.repository.str()));
    CHECK_FALSE(read->is_private);
    CHECK(read->can_administer);
    CHECK_FALSE(host.forge_of("bob")->get_repository(host.repository)->can_administer);
    CHECK(ramet::testing::kind_of(host.forge().get_repository({"alice", "none"})) == ramet::ErrorKind::not_found);
    CHECK(ramet::testing::kind_of(host.forge_of("nobody")->get_repository(host.repository)) ==
          ramet::ErrorKind::unauthenticated);
}

TEST_CASE_TEMPLATE_DEFINE("branches have heads and commits have files, whatever their names", Fixture,
                          forge_reads_branches_and_files)
{
    Fixture host;
    auto& forge = host.forge();
    for (const std::string branch : {"plain", "feature/with/slashes", "with#hash%41+plus", "übung"}) {
        CAPTURE(branch);
        const auto commit = host.commit(branch, "deploy/a file.txt", "on " + branch + "\n");
        CHECK(forge.get_branch_head(host.repository, branch) == ramet::CommitSha(commit));
        CHECK(forge.get_file(host.repository, "deploy/a file.txt", branch) == "on " + branch + "\n");
        CHECK(forge.get_file(host.repository, "deploy/a file.txt", commit) == "on " + branch + "\n");
    }
    CHECK(forge.get_file(host.repository, "ramet.yaml", "main") == "version: 1\n");
    host.commit("html", "page.html", "<html></html>\n");
    CHECK(forge.get_file(host.repository, "page.html", "html") == "<html></html>\n");
    CHECK(ramet::testing::kind_of(forge.get_branch_head(host.repository, "none")) == ramet::ErrorKind::not_found);
    CHECK(ramet::testing::kind_of(forge.get_file(host.repository, "none.yaml", "main")) == ramet::ErrorKind::not_found);
    CHECK(ramet::testing::kind_of(forge.get_file(host.repository, "ramet.yaml", "none")) ==
          ramet::ErrorKind::not_found);
}

TEST_CASE_TEMPLATE_DEFINE("a pull request is read as it is now: open, pushed to, retargeted, closed, reopened, merged",
                          Fixture, forge_reads_pull_requests)
{
    Fixture host;
    auto& forge = host.forge();
    auto commit = host.commit("feature", "a.txt", "1");
    host.commit("other", "b.txt", "1");
    const auto number = host.open("feature", "main");
    const auto read = [&] {
        auto pull = forge.get_pull_request(host.repository, number);
        REQUIRE(pull);
        return *pull;
    };
    const auto first = read();
    CHECK(first.repository == host.repository);
    CHECK(first.number == number);
    CHECK(first.state == ramet::PullRequestState::open);
    CHECK(first.title == "A change");
    CHECK(first.author == "alice");
    CHECK_FALSE(first.author_id.empty());
    CHECK(first.head_branch == "feature");
    CHECK(first.head_commit == ramet::CommitSha(commit));
    CHECK(first.target_branch == "main");
    CHECK_FALSE(first.is_fork());
    CHECK(first.web_url.starts_with(host.url()));

    commit = host.commit("feature", "a.txt", "2");
    CHECK(ramet::testing::wait_until([&] { return read().head_commit == ramet::CommitSha(commit); },
                                     std::chrono::seconds(30)));
    host.add_label(number, "preview");
    CHECK(read().labels == std::vector<std::string>{"preview"});
    host.edit(number, {{"base", "other"}});
    CHECK(read().target_branch == "other");
    host.edit(number, {{"state", "closed"}});
    CHECK(read().state == ramet::PullRequestState::closed);
    host.edit(number, {{"state", "open"}});
    CHECK(read().state == ramet::PullRequestState::open);
    host.merge(number);
    CHECK(read().state == ramet::PullRequestState::merged);
    CHECK(ramet::testing::kind_of(forge.get_pull_request(host.repository, 4711)) == ramet::ErrorKind::not_found);
}

TEST_CASE_TEMPLATE_DEFINE("a fork's pull request says whose it is, and its commit can be fetched from the target",
                          Fixture, forge_knows_forks)
{
    Fixture host;
    host.fork("bob");
    const auto commit = host.commit("feature", "evil.txt", "1", "bob");
    const auto number = host.open("bob:feature", "main", "bob");
    const auto read = host.forge().get_pull_request(host.repository, number);
    REQUIRE(read);
    CHECK(read->is_fork());
    CHECK(read->author == "bob");
    CHECK(read->head_repository == ramet::RepositoryName{"bob", host.repository.name});
    CHECK(read->head_commit == ramet::CommitSha(commit));
    const auto remote =
        ramet::testing::list_remote(host.forge(), host.forge().get_repository(host.repository)->clone_url);
    CHECK(remote.contains(commit + "\t" + host.forge().pull_request_ref(number)));

    host.delete_fork("bob");
    const auto orphan = host.forge().get_pull_request(host.repository, number);
    REQUIRE(orphan);
    CHECK_MESSAGE(orphan->is_fork(), "also when the fork is gone");
    CHECK(orphan->head_commit == ramet::CommitSha(commit));
}

TEST_CASE_TEMPLATE_DEFINE("all open pull requests are listed, every page, and closed ones are not", Fixture,
                          forge_lists_pull_requests)
{
    Fixture host;
    const auto forge = host.forge_with_small_pages();
    const auto base = host.commit("feature", "a.txt", "1");
    CHECK(forge->list_open_pull_requests(host.repository)->empty());
    std::set<std::int64_t> wanted;
    for (int i = 0; i < 6; ++i) {
        host.branch(fmt::format("feature-{}", i), base);
        wanted.insert(host.open(fmt::format("feature-{}", i), "main"));
    }
    const auto closed = *wanted.begin();
    host.edit(closed, {{"state", "closed"}});
    wanted.erase(closed);
    const auto listed = forge->list_open_pull_requests(host.repository);
    REQUIRE(listed);
    std::set<std::int64_t> found;
    for (const auto& pull : *listed) found.insert(pull.number);
    CHECK(found == wanted);
    CHECK(listed->size() == wanted.size());
    CHECK(ramet::testing::kind_of(host.forge().list_open_pull_requests({"alice", "none"})) ==
          ramet::ErrorKind::not_found);
}

TEST_CASE_TEMPLATE_DEFINE("who may write is asked each time", Fixture, forge_knows_who_may_write)
{
    Fixture host;
    CHECK(host.forge().may_write(host.repository, "alice") == true);
    CHECK(host.forge().may_write(host.repository, "bob") == false);
    CHECK(host.forge().may_write(host.repository, "somebody-who-is-not") == false);
    host.let_write("bob");
    CHECK(host.forge().may_write(host.repository, "bob") == true);
}

TEST_CASE_TEMPLATE_DEFINE("a status is set on a commit and the newest counts", Fixture, forge_sets_statuses)
{
    Fixture host;
    const auto commit = host.commit("feature", "a.txt", "1");
    ramet::forges::CommitStatus status{
        .commit = ramet::CommitSha(commit), .context = "ramet/shop", .description = "Preview is being created"};
    using enum ramet::forges::CommitState;
    for (const auto state : {pending, failure, error, success}) {
        status.state = state;
        REQUIRE(host.forge().set_status(host.repository, status));
    }
    status.description = std::string(200, 'x');
    status.target_url = "http://web-pr-1.localhost:8080/";
    REQUIRE(host.forge().set_status(host.repository, status));
    const auto set = host.statuses(commit);
    REQUIRE(set.size() == 5);
    CHECK(ramet::get_string(set[0], "context") == "ramet/shop");
    CHECK(ramet::get_string(set[0], "target_url") == "http://web-pr-1.localhost:8080/");
    CHECK(ramet::get_string(set[0], "description") == std::string(140, 'x'));
    std::vector<std::string> states;
    for (const auto& one : set) states.push_back(ramet::get_string(one, host.status_key()));
    CHECK(states == std::vector<std::string>{"success", "success", "error", "failure", "pending"});
    status.commit = ramet::CommitSha(std::string(40, '0'));
    CHECK_FALSE(host.forge().set_status(host.repository, status));
    CHECK_FALSE(host.forge_of("bob")->set_status(host.repository, status));
}

TEST_CASE_TEMPLATE_DEFINE("there is one comment per marker, edited in place, and people's are left alone", Fixture,
                          forge_keeps_one_comment)
{
    Fixture host;
    auto& forge = host.forge();
    host.commit("feature", "a.txt", "1");
    const auto number = host.open("feature", "main");
    const std::string marker = "<!-- ramet:shop:pr-1 -->";
    const auto text = marker + "\n### ✅ Preview ready\n\n| a | b |\n| --- | --- |\n| `x` | <b> & \\\" |\n";
    host.comment(number, "> " + text + "\nnice!", "bob");
    host.comment(number, text, "bob");
    REQUIRE(forge.ensure_comment(host.repository, number, marker, text));
    const auto first = host.comments(number);
    REQUIRE(first.size() == 3);
    CHECK(ramet::get_string(first[2], "body").starts_with(marker + "\n### ✅ Preview ready"));

    REQUIRE(forge.ensure_comment(host.repository, number, marker, text));
    const auto second = host.comments(number);
    CHECK_MESSAGE(ramet::get_string(second[2], "updated_at") == ramet::get_string(first[2], "updated_at"),
                  "the same text is not sent twice");

    REQUIRE(forge.ensure_comment(host.repository, number, marker, marker + "\n### ❌ Preview failed"));
    REQUIRE(forge.ensure_comment(host.repository, number, "<!-- ramet:shop:pr-2 -->", "another"));
    const auto third = host.comments(number);
    REQUIRE(third.size() == 4);
    CHECK(ramet::get_int(third[2], "id") == ramet::get_int(first[2], "id"));
    CHECK(ramet::get_string(third[2], "body") == marker + "\n### ❌ Preview failed");
    CHECK(ramet::get_string(third[0], "body") == ramet::get_string(first[0], "body"));
    CHECK(ramet::get_string(third[1], "body") == ramet::get_string(first[1], "body"));
    // Gitea has an internal error for it, so that it cannot be told from an outage.
    CHECK_FALSE(forge.ensure_comment(host.repository, 4711, marker, text));
}

TEST_CASE_TEMPLATE_DEFINE("a long comment with wild bytes is taken and found again", Fixture, forge_takes_wild_text)
{
    Fixture host;
    host.commit("feature", "a.txt", "1");
    const auto number = host.open("feature", "main");
    const auto text = "<!-- m -->\n" + std::string("\x1b[31m\x80\0", 7) + std::string(70'000, 'x');
    REQUIRE(host.forge().ensure_comment(host.repository, number, "<!-- m -->", text));
    REQUIRE(host.forge().ensure_comment(host.repository, number, "<!-- m -->", text));
    CHECK(host.comments(number).size() == 1);
}

TEST_CASE_TEMPLATE_DEFINE("a webhook brings signed events of all that happens, and nobody else's signature counts",
                          Fixture, forge_sends_webhooks)
{
    Fixture host;
    auto& forge = host.forge();
    ramet::testing::HookListener listener;
    REQUIRE(forge.ensure_webhook(host.repository, listener.url(), "first secret"));
    REQUIRE(forge.ensure_webhook(host.repository, listener.url(), "the secret"));
    REQUIRE(host.hooks().size() == 1);

    host.commit("feature/x", "a.txt", "1");
    const auto number = host.open("feature/x", "main");
    CHECK(listener.wait_for(forge, "the secret", ramet::testing::is_pull_request(number)));
    CHECK(listener.wait_for(forge, "the secret", [&](const ramet::forges::Hint& hint) {
        const auto* branch = std::get_if<ramet::forges::BranchHint>(&hint);
        return branch != nullptr && branch->branch == "feature/x" && branch->repository == host.repository;
    }));
    host.comment(number, "/extend 24h", "bob");
    CHECK(listener.wait_for(forge, "the secret", [&](const ramet::forges::Hint& hint) {
        const auto* comment = std::get_if<ramet::forges::CommentHint>(&hint);
        return comment != nullptr && comment->number == number && comment->author == "bob" &&
               comment->body == "/extend 24h";
    }));
    for (const auto& change : {ramet::json::object{{"state", "closed"}}, ramet::json::object{{"state", "open"}}}) {
        const auto before = listener.deliveries().size();
        host.edit(number, change);
        CHECK(ramet::testing::wait_until([&] { return listener.deliveries().size() > before; },
                                         std::chrono::seconds(30)));
    }
    std::set<std::string> ids;
    for (const auto& delivery : listener.deliveries()) {
        ids.insert(forge.delivery_id(delivery));
        // GitHub greets a new webhook at once, under the secret of that moment.
        if (const auto old = forge.parse_event(delivery, "first secret"))
            CHECK(std::holds_alternative<ramet::forges::NoHint>(*old));
        for (const std::string_view secret : {"another", ""})
            CHECK(ramet::testing::kind_of(forge.parse_event(delivery, secret)) == ramet::ErrorKind::unauthenticated);
        auto forged = delivery;
        forged.body += " ";
        CHECK(ramet::testing::kind_of(forge.parse_event(forged, "the secret")) == ramet::ErrorKind::unauthenticated);
    }
    CHECK(ids.size() == listener.deliveries().size());
    CHECK_FALSE(ids.contains(""));
}

TEST_CASE_TEMPLATE_DEFINE("a webhook is removed, others stay, and who may not administer is forbidden", Fixture,
                          forge_removes_webhooks)
{
    Fixture host;
    REQUIRE(host.forge().ensure_webhook(host.repository, "http://127.0.0.1:9/other", "secret"));
    REQUIRE(host.forge().ensure_webhook(host.repository, "http://127.0.0.1:9/ours", "secret"));
    REQUIRE(host.forge().remove_webhook(host.repository, "http://127.0.0.1:9/ours"));
    REQUIRE(host.forge().remove_webhook(host.repository, "http://127.0.0.1:9/ours"));
    const auto left = host.hooks();
    REQUIRE(left.size() == 1);
    CHECK(ramet::get_string(ramet::get_member(left[0], "config"), "url") == "http://127.0.0.1:9/other");
    const auto bob = host.forge_of("bob");
    CHECK(ramet::testing::kind_of(bob->ensure_webhook(host.repository, "http://127.0.0.1:9/bob", "secret")) ==
          ramet::ErrorKind::forbidden);
}

TEST_CASE_TEMPLATE_DEFINE("git gets in with the token, and not with a wrong one", Fixture, forge_lets_git_in)
{
    Fixture host(Fixture::Visibility::hidden);
    const auto repository = host.forge().get_repository(host.repository);
    REQUIRE(repository);
    CHECK(repository->is_private);
    CHECK(ramet::testing::list_remote(host.forge(), repository->clone_url).contains("refs/heads/main"));
    CHECK(ramet::testing::list_remote(*host.forge_of("bob"), repository->clone_url).empty());
    CHECK(ramet::testing::list_remote(*host.forge_of("nobody"), repository->clone_url).empty());
    CHECK(ramet::testing::kind_of(host.forge_of("bob")->get_repository(host.repository)) ==
          ramet::ErrorKind::not_found);
}

TEST_CASE_TEMPLATE_DEFINE("a host that is not there is unavailable, whatever it is asked", Fixture,
                          forge_reports_outage)
{
    const auto forge = Fixture::forge_at(fmt::format("http://127.0.0.1:{}", ramet::testing::free_port()));
    const ramet::RepositoryName shop{"alice", "shop"};
    CHECK(ramet::testing::kind_of(forge->get_repository(shop)) == ramet::ErrorKind::unavailable);
    CHECK(ramet::testing::kind_of(forge->get_pull_request(shop, 1)) == ramet::ErrorKind::unavailable);
    CHECK(ramet::testing::kind_of(forge->list_open_pull_requests(shop)) == ramet::ErrorKind::unavailable);
    CHECK(ramet::testing::kind_of(forge->ensure_comment(shop, 1, "m", "m")) == ramet::ErrorKind::unavailable);
    CHECK(ramet::testing::kind_of(forge->remove_webhook(shop, "http://x/")) == ramet::ErrorKind::unavailable);
}

/// All of the above on one fixture; in the global namespace.
#define INSTANTIATE_FORGE_CONTRACT(Fixture)                             \
    TEST_CASE_TEMPLATE_INVOKE(forge_describes_repository, Fixture);     \
    TEST_CASE_TEMPLATE_INVOKE(forge_reads_branches_and_files, Fixture); \
    TEST_CASE_TEMPLATE_INVOKE(forge_reads_pull_requests, Fixture);      \
    TEST_CASE_TEMPLATE_INVOKE(forge_knows_forks, Fixture);              \
    TEST_CASE_TEMPLATE_INVOKE(forge_lists_pull_requests, Fixture);      \
    TEST_CASE_TEMPLATE_INVOKE(forge_knows_who_may_write, Fixture);      \
    TEST_CASE_TEMPLATE_INVOKE(forge_sets_statuses, Fixture);            \
    TEST_CASE_TEMPLATE_INVOKE(forge_keeps_one_comment, Fixture);        \
    TEST_CASE_TEMPLATE_INVOKE(forge_takes_wild_text, Fixture);          \
    TEST_CASE_TEMPLATE_INVOKE(forge_sends_webhooks, Fixture);           \
    TEST_CASE_TEMPLATE_INVOKE(forge_removes_webhooks, Fixture);         \
    TEST_CASE_TEMPLATE_INVOKE(forge_lets_git_in, Fixture);              \
    TEST_CASE_TEMPLATE_INVOKE(forge_reports_outage, Fixture)
