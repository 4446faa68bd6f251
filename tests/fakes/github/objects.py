"""The shapes of GitHub's replies. Only what the fake knows is filled in; the rest has the value that an unremarkable object has."""
import datetime


def now():
    return datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def node_id(kind, number):
    return f"{kind}_fake{number}"


class Objects:
    """Builds replies with the addresses of one server."""

    def __init__(self, url):
        self.url = url
        self.api = f"{url}/api/v3"

    def user(self, user):
        api = f"{self.api}/users/{user.name}"
        return {
            "login": user.name, "id": user.id, "node_id": node_id("U", user.id), "avatar_url": f"{self.url}/avatars/{user.id}",
            "gravatar_id": "", "url": api, "html_url": f"{self.url}/{user.name}", "followers_url": f"{api}/followers",
            "following_url": f"{api}/following{{/other_user}}", "gists_url": f"{api}/gists{{/gist_id}}",
            "starred_url": f"{api}/starred{{/owner}}{{/repo}}", "subscriptions_url": f"{api}/subscriptions",
            "organizations_url": f"{api}/orgs", "repos_url": f"{api}/repos", "events_url": f"{api}/events{{/privacy}}",
            "received_events_url": f"{api}/received_events", "type": "User", "site_admin": False, "user_view_type": "public",
        }

    def own_user(self, user):
        return self.user(user) | {
            "name": user.name, "company": None, "blog": "", "location": None, "email": user.email, "hireable": None, "bio": None,
            "twitter_username": None, "public_repos": 0, "public_gists": 0, "followers": 0, "following": 0,
            "created_at": now(), "updated_at": now(),
        }

    def repository(self, repository):
        api = f"{self.api}/repos/{repository.full_name}"
        places = {
            "archive_url": "/{archive_format}{/ref}", "assignees_url": "/assignees{/user}", "blobs_url": "/git/blobs{/sha}",
            "branches_url": "/branches{/branch}", "collaborators_url": "/collaborators{/collaborator}", "comments_url": "/comments{/number}",
            "commits_url": "/commits{/sha}", "compare_url": "/compare/{base}...{head}", "contents_url": "/contents/{+path}",
            "contributors_url": "/contributors", "deployments_url": "/deployments", "downloads_url": "/downloads", "events_url": "/events",
            "forks_url": "/forks", "git_commits_url": "/git/commits{/sha}", "git_refs_url": "/git/refs{/sha}", "git_tags_url": "/git/tags{/sha}",
            "hooks_url": "/hooks", "issue_comment_url": "/issues/comments{/number}", "issue_events_url": "/issues/events{/number}",
            "issues_url": "/issues{/number}", "keys_url": "/keys{/key_id}", "labels_url": "/labels{/name}", "languages_url": "/languages",
            "merges_url": "/merges", "milestones_url": "/milestones{/number}", "notifications_url": "/notifications{?since,all,participating}",
            "pulls_url": "/pulls{/number}", "releases_url": "/releases{/id}", "stargazers_url": "/stargazers", "statuses_url": "/statuses/{sha}",
            "subscribers_url": "/subscribers", "subscription_url": "/subscription", "tags_url": "/tags", "teams_url": "/teams",
            "trees_url": "/git/trees{/sha}",
        }
        count = len([pull for pull in repository.pulls.values() if pull.state == "open"])
        return {name: api + place for name, place in places.items()} | {
            "id": repository.id, "node_id": node_id("R", repository.id), "name": repository.name, "full_name": repository.full_name,
            "owner": self.user(repository.owner), "private": repository.private, "html_url": f"{self.url}/{repository.full_name}",
            "description": None, "fork": repository.parent is not None, "url": api, "homepage": None, "language": None,
            "clone_url": f"{self.url}/{repository.full_name}.git", "git_url": f"{self.url}/{repository.full_name}.git",
            "ssh_url": f"git@127.0.0.1:{repository.full_name}.git", "svn_url": f"{self.url}/{repository.full_name}", "mirror_url": None,
            "default_branch": repository.default_branch, "visibility": "private" if repository.private else "public",
            "forks": 0, "forks_count": 0, "stargazers_count": 0, "watchers": 0, "watchers_count": 0, "size": 1,
            "open_issues": count, "open_issues_count": count, "license": None, "archived": False, "disabled": False,
            "has_issues": True, "has_projects": True, "has_wiki": True, "has_pages": False, "has_downloads": True, "has_discussions": False,
            "is_template": False, "allow_forking": True, "web_commit_signoff_required": False, "topics": [],
            "pushed_at": repository.created_at, "created_at": repository.created_at, "updated_at": repository.created_at,
        }

    def full_repository(self, repository, role):
        may = {"pull": True, "triage": role != "read", "push": role in ("write", "admin"), "maintain": role == "admin", "admin": role == "admin"}
        return self.repository(repository) | {"permissions": may, "network_count": 0, "subscribers_count": 0}

    def label(self, repository, name):
        return {"id": repository.label_id(name), "node_id": node_id("LA", repository.label_id(name)), "name": name, "color": "0052cc",
                "url": f"{self.api}/repos/{repository.full_name}/labels/{name}", "description": None, "default": False}

    def pull_request(self, repository, pull):
        """As lists show it."""
        api, page = f"{self.api}/repos/{repository.full_name}", f"{self.url}/{repository.full_name}/pull/{pull.number}"
        addresses = {
            "url": f"{api}/pulls/{pull.number}", "html_url": page, "diff_url": f"{page}.diff", "patch_url": f"{page}.patch",
            "issue_url": f"{api}/issues/{pull.number}", "commits_url": f"{api}/pulls/{pull.number}/commits",
            "review_comments_url": f"{api}/pulls/{pull.number}/comments", "review_comment_url": f"{api}/pulls/comments{{/number}}",
            "comments_url": f"{api}/issues/{pull.number}/comments", "statuses_url": f"{api}/statuses/{pull.head_commit()}",
        }
        links = {"self": "url", "html": "html_url", "issue": "issue_url", "comments": "comments_url", "review_comments": "review_comments_url",
                 "review_comment": "review_comment_url", "commits": "commits_url", "statuses": "statuses_url"}
        return addresses | {
            "_links": {name: {"href": addresses[key]} for name, key in links.items()},
            "id": pull.id, "node_id": node_id("PR", pull.id), "number": pull.number, "state": pull.state, "locked": False,
            "title": pull.title, "user": self.user(pull.author), "body": None, "created_at": pull.created_at, "updated_at": pull.updated_at,
            "closed_at": pull.closed_at, "merged_at": pull.merged_at, "merge_commit_sha": pull.merge_commit, "assignee": None, "assignees": [],
            "requested_reviewers": [], "requested_teams": [], "labels": [self.label(repository, name) for name in pull.labels],
            "milestone": None, "draft": pull.draft, "author_association": "OWNER" if pull.author is repository.owner else "CONTRIBUTOR",
            "auto_merge": None, "active_lock_reason": None,
            "head": self.side(pull.head_repository, pull.head_branch, pull.head_commit()),
            "base": self.side(repository, pull.base, pull.base_commit()),
        }

    def full_pull_request(self, repository, pull):
        merged = pull.merged_at is not None
        return self.pull_request(repository, pull) | {
            "merged": merged, "mergeable": True, "rebaseable": True, "mergeable_state": "clean", "maintainer_can_modify": False,
            "merged_by": self.user(pull.author) if merged else None, "comments": len(pull.comments), "review_comments": 0, "commits": 1,
            "additions": 1, "deletions": 0, "changed_files": 1,
        }

    def side(self, repository, branch, commit):
        """Head or base; the repository of a head is null when the fork is gone."""
        owner = repository.owner if repository else None
        return {"label": f"{owner.name if owner else 'unknown'}:{branch}", "ref": branch, "sha": commit,
                "user": self.user(owner) if owner else None, "repo": self.repository(repository) if repository else None}

    def issue(self, repository, pull):
        """The issue that a pull request is as well; webhooks of comments carry it."""
        full, api = self.pull_request(repository, pull), f"{self.api}/repos/{repository.full_name}/issues/{pull.number}"
        same = ("id", "node_id", "number", "title", "user", "labels", "state", "locked", "assignee", "assignees", "milestone", "created_at",
                "updated_at", "closed_at", "author_association", "active_lock_reason", "body", "html_url", "comments_url", "draft")
        reactions = dict.fromkeys(("total_count", "+1", "-1", "laugh", "hooray", "confused", "heart", "rocket", "eyes"), 0)
        return {key: full[key] for key in same} | {
            "url": api, "repository_url": f"{self.api}/repos/{repository.full_name}", "labels_url": api + "/labels{/name}",
            "events_url": api + "/events", "comments": len(pull.comments), "timeline_url": api + "/timeline",
            "performed_via_github_app": None, "state_reason": None, "reactions": reactions | {"url": api + "/reactions"},
            "pull_request": {key: full[key] for key in ("url", "html_url", "diff_url", "patch_url", "merged_at")},
        }

    def comment(self, repository, pull, comment):
        api = f"{self.api}/repos/{repository.full_name}"
        reactions = dict.fromkeys(("total_count", "+1", "-1", "laugh", "hooray", "confused", "heart", "rocket", "eyes"), 0)
        return {"id": comment.id, "node_id": node_id("IC", comment.id), "url": f"{api}/issues/comments/{comment.id}",
                "html_url": f"{self.url}/{repository.full_name}/pull/{pull.number}#issuecomment-{comment.id}",
                "issue_url": f"{api}/issues/{pull.number}", "body": comment.body, "user": self.user(comment.author),
                "created_at": comment.created_at, "updated_at": comment.updated_at, "author_association": "OWNER",
                "performed_via_github_app": None, "reactions": reactions | {"url": f"{api}/issues/comments/{comment.id}/reactions"}}

    def status(self, repository, status):
        return {"url": f"{self.api}/repos/{repository.full_name}/statuses/{status['sha']}", "avatar_url": None, "id": status["id"],
                "node_id": node_id("S", status["id"]), "state": status["state"], "description": status["description"],
                "target_url": status["target_url"], "context": status["context"], "created_at": status["at"], "updated_at": status["at"],
                "creator": self.user(status["creator"])}

    def hook(self, repository, hook):
        api = f"{self.api}/repos/{repository.full_name}/hooks/{hook.id}"
        # The secret is never shown again.
        config = {"url": hook.url, "content_type": "json", "insecure_ssl": "0"} | ({"secret": "********"} if hook.secret else {})
        return {"type": "Repository", "id": hook.id, "name": "web", "active": hook.active, "events": list(hook.events), "config": config,
                "created_at": hook.created_at, "updated_at": now(), "url": api, "test_url": f"{api}/test", "ping_url": f"{api}/pings",
                "deliveries_url": f"{api}/deliveries", "last_response": {"code": None, "status": "unused", "message": None}}

    def branch(self, repository, name, commit):
        api = f"{self.api}/repos/{repository.full_name}"
        person = {"name": "Alice", "email": "alice@github.test", "date": now()}
        return {"name": name, "protected": False, "protection": {"enabled": False}, "protection_url": f"{api}/branches/{name}/protection",
                "_links": {"self": f"{api}/branches/{name}", "html": f"{self.url}/{repository.full_name}/tree/{name}"},
                "commit": {"sha": commit, "node_id": node_id("C", commit), "url": f"{api}/commits/{commit}",
                           "html_url": f"{self.url}/{repository.full_name}/commit/{commit}", "comments_url": f"{api}/commits/{commit}/comments",
                           "author": self.user(repository.owner), "committer": self.user(repository.owner), "parents": [],
                           "commit": {"author": person, "committer": person, "message": "Change", "url": f"{api}/git/commits/{commit}",
                                      "comment_count": 0, "tree": {"sha": commit, "url": f"{api}/git/trees/{commit}"}}}}
