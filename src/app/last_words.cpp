#include "app/last_words.hpp"

namespace ramet::app {

void LastWords::remember(const std::string& key, std::string message)
{
    const std::scoped_lock lock(mutex_);
    messages_.insert_or_assign(key, std::move(message));
}

void LastWords::forget(const std::string& key)
{
    const std::scoped_lock lock(mutex_);
    messages_.erase(key);
}

std::string LastWords::find(const std::string& key) const
{
    const std::scoped_lock lock(mutex_);
    const auto found = messages_.find(key);
    return found == messages_.end() ? std::string() : found->second;
}

}  // namespace ramet::app
