#include "engine/names.hpp"

#include "base/hash.hpp"
#include "base/text.hpp"

namespace ramet::engine {
namespace {

constexpr std::size_t longest_slug = 40;

}  // namespace

ResourceId derive_resource_id(const std::string& install, const OwnerId& owner, const std::string& path)
{
    return ResourceId("r" + short_hash({"resource", install, owner.str(), path}, 24));
}

std::string derive_name(const std::string& path, const ResourceId& id, std::int64_t incarnation)
{
    auto slug = to_slug(path).substr(0, longest_slug);
    while (slug.ends_with('-')) slug.pop_back();
    return slug + "-" + short_hash({"name", id.str(), std::to_string(incarnation)}, 10);
}

Token derive_token(const ResourceId& id, std::int64_t incarnation, const EngineRunId& run,
                   const std::string& request_hash)
{
    return Token(short_hash({"token", id.str(), std::to_string(incarnation), run.str(), request_hash}, 32));
}

}  // namespace ramet::engine
