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
    struct Options {
        bool keeps_content = true;  ///< else metadata alone
        /// Told of an object, as it was before, that was seen for the first time, taken away, or of which somebody has come to own another part. On
        /// the cache's thread.
        std::function<void(const Json& object)> on_touched{};
    };

    /// `path` may have a label selector. `api` outlives it.
    ObjectCache(ApiClient& api, std::string path, Options options);
    ObjectCache(ApiClient& api, std::string path) : ObjectCache(api, std::move(path), Options{}) {}
    ObjectCache(const ObjectCache&) = delete;
    ObjectCache& operator=(const ObjectCache&) = delete;

    /// Of that namespace and name; null when there is none. `managedFields` is a text (most of the memory that it would take otherwise), without what is said
    /// of the status. `unavailable` before the first
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
    void tell_differences(const std::map<Key, SharedObject>& before, const std::map<Key, SharedObject>& now) const;
    SharedObject what_is_kept(const Json& object) const;
    void note(Error problem);
    Result<void> check_current() const;

    ApiClient& api_;
    std::string path_;
    Options options_;
    mutable std::mutex mutex_;  // of the next two
    std::map<Key, SharedObject> objects_;
    std::optional<Error> problem_ = Error{ErrorKind::unavailable, "the cluster's objects have not been listed yet"};
    std::jthread thread_;
};

}  // namespace ramet::targets::kubernetes
