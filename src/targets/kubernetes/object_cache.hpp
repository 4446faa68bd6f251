#pragma once

#include "targets/kubernetes/api_client.hpp"
#include "targets/kubernetes/objects.hpp"

#include <map>
#include <mutex>
#include <thread>
#include <vector>

namespace ramet::targets::kubernetes {

/// The objects of one list as they are now, kept up by a watch on a thread of its own: whoever waits for one asks the memory and not the
/// cluster. A watch that ends is taken up where it ended; only where the cluster does not know that place any more is the list read again.
class ObjectCache {
public:
    enum class Keeps : std::uint8_t { everything, metadata };

    /// `path` may have a label selector. `api` outlives it.
    ObjectCache(ApiClient& api, std::string path, Keeps keeps = Keeps::everything);
    ObjectCache(const ObjectCache&) = delete;
    ObjectCache& operator=(const ObjectCache&) = delete;

    /// Of that namespace and name, without what servers note for themselves (`managedFields`); null when there is none. `unavailable` before the first
    /// list is complete and while the cluster does not answer: absence is known then only when it is.
    Result<SharedObject> find(const std::string& space, const std::string& name) const;
    /// All of a namespace with that label.
    Result<std::vector<SharedObject>> find_all(const std::string& space, std::string_view label,
                                               std::string_view value) const;

private:
    using Key = std::pair<std::string, std::string>;

    void keep_up(const std::stop_token& stop);
    Result<std::string> read_list(const std::stop_token& stop);
    Result<void> follow(std::string& version, const std::stop_token& stop);
    void take(std::string_view type, const Json& object);
    SharedObject what_is_kept(const Json& object) const;
    void note(Error problem);
    Result<void> check_current() const;

    ApiClient& api_;
    std::string path_;
    Keeps keeps_;
    mutable std::mutex mutex_;  // of the next two
    std::map<Key, SharedObject> objects_;
    std::optional<Error> problem_ = Error{ErrorKind::unavailable, "the cluster's objects have not been listed yet"};
    std::jthread thread_;
};

}  // namespace ramet::targets::kubernetes
