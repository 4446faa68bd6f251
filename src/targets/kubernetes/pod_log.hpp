#pragma once

#include "targets/kubernetes/cluster.hpp"
#include "targets/log.hpp"

#include <condition_variable>
#include <list>
#include <mutex>
#include <set>
#include <thread>

namespace ramet::targets::kubernetes {

/// Pods of a namespace by a label of theirs.
struct PodSelection {
    std::string space;
    std::string_view label;
    std::string value;
};

/// What the containers of some pods write, whole lines of each, in the order in which they come. Where it is followed, pods that are added
/// and containers that start again are taken in. Threads of its own read ahead, as far as a reader is behind by a megabyte.
class PodLog final : public Log {
public:
    /// `cluster` outlives it.
    PodLog(Cluster& cluster, PodSelection pods, const LogRequest& request);
    PodLog(const PodLog&) = delete;
    PodLog& operator=(const PodLog&) = delete;

    std::optional<std::string> read(std::size_t limit) override;

private:
    /// One container's life: a restarted one writes another log, and so does that of a new pod of the same name.
    struct Source {
        std::string uid;
        std::string pod;
        std::string container;
        std::int64_t restarts = 0;
        friend auto operator<=>(const Source&, const Source&) = default;
    };
    std::vector<Source> find_sources() const;
    void keep_up(const std::stop_token& stop);
    void start_reader(std::list<std::thread>& readers, const Source& source, const std::string& query,
                      const std::stop_token& stop);
    void read_source(const Source& source, const std::string& query, const std::stop_token& stop);
    Result<void> read_once(const std::string& path, std::string& partial, const std::stop_token& stop);
    bool add(std::string_view text, const std::stop_token& stop);

    Cluster& cluster_;
    PodSelection pods_;
    LogRequest request_;
    std::mutex mutex_;  // of the next two
    std::string text_;
    bool is_over_ = false;
    std::condition_variable_any changed_;
    std::jthread thread_;
};

}  // namespace ramet::targets::kubernetes
