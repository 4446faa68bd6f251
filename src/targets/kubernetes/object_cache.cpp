#include "targets/kubernetes/object_cache.hpp"

#include <algorithm>
#include <condition_variable>

namespace ramet::targets::kubernetes {

namespace {

using namespace std::chrono_literals;

constexpr Milliseconds first_pause{100};
constexpr Milliseconds longest_pause{10'000};

void pause(Milliseconds length, const std::stop_token& stop)
{
    std::mutex mutex;
    std::condition_variable_any never;
    std::unique_lock lock(mutex);
    never.wait_for(lock, stop, length, [] { return false; });
}

std::string metadata_of(const Json& object, std::string_view key)
{
    return get_string(get_member(object, "metadata"), key);
}

std::string owners_as_text(const Json& object)
{
    json::array kept;
    if (const auto* owners = get_member(get_member(object, "metadata"), "managedFields").if_array())
        for (const auto& owner : *owners)
            if (get_string(owner, "subresource") != "status") kept.push_back(owner);
    return to_text(kept);
}

bool has_same_owners(const SharedObject& left, const SharedObject& right)
{
    return left && right && metadata_of(*left, "managedFields") == metadata_of(*right, "managedFields");
}

}  // namespace

ObjectCache::ObjectCache(ApiClient& api, std::string path, Options options)
    : api_(api), path_(std::move(path)), options_(std::move(options)),
      thread_([this](const std::stop_token& stop) { keep_up(stop); })
{
}

Result<SharedObject> ObjectCache::find(const std::string& space, const std::string& name) const
{
    const std::lock_guard lock(mutex_);
    TRY(check_current());
    const auto at = objects_.find({space, name});
    return at == objects_.end() ? nullptr : at->second;
}

Result<std::vector<SharedObject>> ObjectCache::find_all(const std::string& space, std::string_view label,
                                                        std::string_view value) const
{
    const std::lock_guard lock(mutex_);
    TRY(check_current());
    std::vector<SharedObject> found;
    for (auto at = objects_.lower_bound({space, {}}); at != objects_.end() && at->first.first == space; ++at)
        if (get_string(get_member(get_member(*at->second, "metadata"), "labels"), label) == value)
            found.push_back(at->second);
    return found;
}

Result<void> ObjectCache::check_current() const
{
    if (problem_) return std::unexpected(*problem_);
    return {};
}

void ObjectCache::keep_up(const std::stop_token& stop)
{
    auto wait = first_pause;
    while (!stop.stop_requested()) {
        auto version = read_list(stop);
        Result<void> followed;
        while (version && followed && !stop.stop_requested()) {
            wait = first_pause;
            followed = follow(*version, stop);
            // What ends at once does so again.
            pause(first_pause, stop);
        }
        if (stop.stop_requested()) return;
        // A place that the cluster has forgotten is nobody's fault: what is known holds until the list is read again.
        if (version && has_reason(followed.error(), "Expired")) continue;
        note(version ? followed.error() : version.error());
        pause(wait, stop);
        wait = std::min(2 * wait, longest_pause);
    }
}

Result<std::string> ObjectCache::read_list(const std::stop_token& stop)
{
    std::map<Key, SharedObject> objects;
    const auto version = TRY(api_.list(
        path_,
        [&](const Json& object) {
            objects.insert_or_assign({metadata_of(object, "namespace"), metadata_of(object, "name")},
                                     what_is_kept(object));
        },
        stop));
    {
        const std::lock_guard lock(mutex_);
        objects_.swap(objects);
        problem_.reset();
    }
    tell_differences(objects, objects_);  // Nobody but this thread changes them.
    return version;
}

Result<void> ObjectCache::follow(std::string& version, const std::stop_token& stop)
{
    return api_.watch(
        path_, version,
        [&](std::string_view type, const Json& object) {
            version = metadata_of(object, "resourceVersion");
            take(type, object);
            return ApiClient::Continue::yes;
        },
        stop);
}

void ObjectCache::take(std::string_view type, const Json& object)
{
    if (type == "BOOKMARK") return;  // It has told the version.
    const Key key{metadata_of(object, "namespace"), metadata_of(object, "name")};
    auto now = type == "DELETED" ? nullptr : what_is_kept(object);
    SharedObject before;
    {
        const std::lock_guard lock(mutex_);
        if (const auto at = objects_.find(key); at != objects_.end()) before = at->second;
        if (now)
            objects_.insert_or_assign(key, now);
        else
            objects_.erase(key);
    }
    if (options_.on_touched && !has_same_owners(before, now)) options_.on_touched(before ? *before : object);
}

void ObjectCache::tell_differences(const std::map<Key, SharedObject>& before,
                                   const std::map<Key, SharedObject>& now) const
{
    if (!options_.on_touched) return;
    for (const auto& [key, object] : now) {
        const auto at = before.find(key);
        if (at == before.end() || !has_same_owners(at->second, object)) options_.on_touched(*object);
    }
    for (const auto& [key, object] : before)
        if (!now.contains(key)) options_.on_touched(*object);
}

SharedObject ObjectCache::what_is_kept(const Json& object) const
{
    Json kept = options_.keeps_content ? object : json::object{{"metadata", get_member(object, "metadata")}};
    auto* metadata = kept.as_object().if_contains("metadata");
    if (metadata && metadata->is_object()) metadata->get_object()["managedFields"] = owners_as_text(object);
    return std::make_shared<const Json>(std::move(kept));
}

void ObjectCache::note(Error problem)
{
    const std::lock_guard lock(mutex_);
    problem_ = std::move(problem);
}

}  // namespace ramet::targets::kubernetes
