#pragma once

#include "forges/forge.hpp"
#include "forges/gitea/gitea.hpp"
#include "forges/github/github.hpp"
#include "forges/served_host.hpp"
#include "net/http_client.hpp"

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace ramet::testing {

/// A fresh repository at a Git host, and its people's doings by the host's own REST API: what the forge contract asks of a
/// fixture. Gitea's API follows GitHub's; what differs stands in the two derived fixtures.
class HostFixture {
public:
    enum class Visibility : bool { open, hidden };
    virtual ~HostFixture() = default;

    forges::Forge& forge() { return *forge_; }
    void edit(std::int64_t number, const json::object& changes);
    void comment(std::int64_t number, const std::string& body, const std::string& user);
    void fork(const std::string& user);
    void delete_fork(const std::string& user);
    void let_write(const std::string& user);
    std::int64_t open(const std::string& head, const std::string& base, const std::string& user = "alice");
    std::vector<Json> comments(std::int64_t number);
    std::vector<Json> hooks();
    /// Newest first.
    std::vector<Json> statuses(const std::string& commit);

    RepositoryName repository;

protected:
    HostFixture(const ServedHost& host, std::string api, Visibility visibility);

    /// As `user`; a status outside 2xx fails the test.
    Json call(const std::string& method, const std::string& path, const Json& body = nullptr,
              const std::string& user = "alice");
    /// The same, asked again while the answer is `not_yet`: Gitea notes pushed branches a moment after it took them.
    Json call_once_it_is_not(int not_yet, const std::string& method, const std::string& path, const Json& body,
                             const std::string& user);
    std::vector<Json> list(const std::string& path);
    virtual const char* write_word() const { return "write"; }
    std::string at() const { return "/repos/" + repository.str(); }
    std::string at(const std::string& owner) const { return "/repos/" + owner + "/" + repository.name; }

    static net::HttpClient& client();

    const ServedHost& host_;
    std::string api_;
    std::unique_ptr<forges::Forge> forge_;

private:
    net::HttpResponse send(const std::string& method, const std::string& path, const Json& body,
                           const std::string& user);
};

/// A real Gitea.
class GiteaFixture : public HostFixture {
public:
    explicit GiteaFixture(Visibility visibility = Visibility::open);
    static std::string url();
    static std::unique_ptr<forges::Forge> forge_at(const std::string& url, const std::string& token = "none");
    std::unique_ptr<forges::Forge> forge_of(const std::string& user) { return forge_at(url(), host_.token_of(user)); }
    std::unique_ptr<forges::Forge> forge_with_small_pages();

    std::string commit(const std::string& branch, const std::string& path, const std::string& text,
                       const std::string& owner = "alice");
    void branch(const std::string& name, const std::string& commit);
    void add_label(std::int64_t number, const std::string& name);
    void merge(std::int64_t number);
    static const char* status_key() { return "status"; }
};

/// The GitHub fake, each request and reply held to GitHub's published description.
class GitHubFixture : public HostFixture {
public:
    explicit GitHubFixture(Visibility visibility = Visibility::open);
    static std::string url();
    static std::unique_ptr<forges::Forge> forge_at(const std::string& url, const std::string& token = "none");
    std::unique_ptr<forges::Forge> forge_of(const std::string& user) { return forge_at(url(), host_.token_of(user)); }
    std::unique_ptr<forges::Forge> forge_with_small_pages();

    std::string commit(const std::string& branch, const std::string& path, const std::string& text,
                       const std::string& owner = "alice");
    void branch(const std::string& name, const std::string& commit);
    void add_label(std::int64_t number, const std::string& name);
    void merge(std::int64_t number);
    static const char* status_key() { return "state"; }

private:
    const char* write_word() const override { return "push"; }
};

}  // namespace ramet::testing
