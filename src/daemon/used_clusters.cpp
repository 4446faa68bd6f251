#include "daemon/used_clusters.hpp"

#include "base/json.hpp"

#include <set>

namespace ramet::daemon {

Result<std::vector<std::string>> list_used_clusters(storage::Stores& stores)
{
    std::set<std::string> contexts;
    for (const auto& environment : TRY(stores.environments.list_all())) {
        const auto desired = TRY(stores.environments.get_desired(environment.id));
        if (desired.text.empty()) continue;
        const auto value = TRY(parse_json(desired.text));
        if (get_string(value, "target_type") == "kubernetes")
            contexts.insert(get_string(get_member(value, "target_keys"), "context"));
    }
    return std::vector<std::string>(contexts.begin(), contexts.end());
}

}  // namespace ramet::daemon
