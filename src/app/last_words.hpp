#pragma once

#include <map>
#include <mutex>
#include <string>

namespace ramet::app {

/// What was said last about a key of the work (`work.hpp`), until it does not hold any more. In memory only. Thread-safe.
class LastWords {
public:
    void remember(const std::string& key, std::string message);
    void forget(const std::string& key);
    /// Empty when there is none.
    std::string find(const std::string& key) const;

private:
    mutable std::mutex mutex_;
    std::map<std::string, std::string> messages_;
};

}  // namespace ramet::app
