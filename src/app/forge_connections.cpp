#include "app/forge_connections.hpp"

#include "forges/gitea/gitea.hpp"
#include "forges/github/github.hpp"

namespace ramet::app {

Result<std::shared_ptr<forges::Forge>> ForgeConnections::make(const std::string& type, const std::string& url,
                                                              SecretBytes token)
{
    if (!url.starts_with("http://") && !url.starts_with("https://"))
        return fail(ErrorKind::invalid, "the address of a Git host begins with http:// or https://, not \"{}\"", url);
    forges::Connection connection{url, std::move(token)};
    while (connection.url.ends_with('/')) connection.url.pop_back();
    if (type == "gitea") return std::make_shared<forges::Gitea>(http_, std::move(connection));
    if (type == "github") return std::make_shared<forges::GitHub>(http_, std::move(connection));
    return fail(ErrorKind::invalid, "the Git host \"{}\" is none of gitea, github", type);
}

Result<std::shared_ptr<forges::Forge>> ForgeConnections::open(const storage::Project& project)
{
    const auto& connection = project.connection;
    if (connection.forge.empty())
        return fail(ErrorKind::invalid, "the project {} is not connected to a Git host", project.name);
    const std::scoped_lock lock(mutex_);
    const auto found = open_.find(connection.id);
    if (found != open_.end() && found->second.token == connection.token && found->second.url == connection.url)
        return found->second.forge;
    auto token = TRY(secrets_.open(connection.token));
    auto forge = TRY(make(connection.forge, connection.url, std::move(token)));
    open_.insert_or_assign(connection.id, Open{connection.token, connection.url, forge});
    return forge;
}

}  // namespace ramet::app
