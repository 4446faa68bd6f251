#include "targets/kubernetes/pod_log.hpp"

namespace ramet::targets::kubernetes {

namespace {

using namespace std::chrono_literals;

constexpr std::size_t most_ahead = std::size_t{1} << 20;
constexpr auto between_looks = 500ms;

/// One that has never run has no log, and asking for it is an error.
bool has_run(const Json& container)
{
    return !get_member(get_member(container, "state"), "waiting").is_object() || get_int(container, "restartCount") > 0;
}

}  // namespace

PodLog::PodLog(Cluster& cluster, PodSelection pods, const LogRequest& request)
    : cluster_(cluster), pods_(std::move(pods)), request_(request),
      thread_([this](const std::stop_token& stop) { keep_up(stop); })
{
}

std::optional<std::string> PodLog::read(std::size_t limit)
{
    std::string taken;
    {
        const std::lock_guard lock(mutex_);
        if (text_.empty() && is_over_) return std::nullopt;
        taken = text_.substr(0, limit);
        text_.erase(0, taken.size());
    }
    changed_.notify_all();
    return taken;
}

std::vector<PodLog::Source> PodLog::find_sources() const
{
    std::vector<Source> sources;
    const auto pods = cluster_.pods().find_all(pods_.space, pods_.label, pods_.value);
    if (!pods) return sources;  // Not known at the moment: looked for again.
    for (const auto& pod : *pods)
        if (const auto* containers = get_member(get_member(*pod, "status"), "containerStatuses").if_array())
            for (const auto& container : *containers)
                if (has_run(container))
                    sources.push_back({get_string(get_member(*pod, "metadata"), "uid"),
                                       get_string(get_member(*pod, "metadata"), "name"), get_string(container, "name"),
                                       get_int(container, "restartCount")});
    return sources;
}

void PodLog::keep_up(const std::stop_token& stop)
{
    const bool is_followed = request_.follow == LogRequest::Follow::yes;
    std::set<Source> known;
    std::list<std::thread> readers;
    const auto first = fmt::format("&tailLines={}", request_.tail_lines);
    for (bool is_first = true; !stop.stop_requested(); is_first = false) {
        for (const auto& source : find_sources()) {
            if (!known.insert(source).second) continue;
            const auto query = fmt::format("follow={}{}", is_followed, is_first ? first : "");
            start_reader(readers, source, query, stop);
        }
        if (!is_followed) break;
        std::unique_lock lock(mutex_);
        changed_.wait_for(lock, stop, between_looks, [] { return false; });
    }
    for (auto& reader : readers) reader.join();
    const std::lock_guard lock(mutex_);
    is_over_ = true;
}

void PodLog::start_reader(std::list<std::thread>& readers, const Source& source, const std::string& query,
                          const std::stop_token& stop)
{
    try {
        readers.emplace_back([this, source, query, stop] { read_source(source, query, stop); });
    } catch (const std::system_error& problem) {
        add(fmt::format("({}: no thread to read its log: {})\n", source.pod, problem.what()), stop);
    }
}

void PodLog::read_source(const Source& source, const std::string& query, const std::stop_token& stop)
{
    const auto path = fmt::format("/api/v1/namespaces/{}/pods/{}/log?container={}&{}", pods_.space, source.pod,
                                  source.container, query);
    std::string partial;
    Result<void> read;
    // Of a container that says nothing, nothing comes in time; nothing is lost then.
    do {
        read = read_once(path, partial, stop);
    } while (!read && read.error().kind == ErrorKind::timeout && partial.empty() && !stop.stop_requested());
    if (!partial.empty()) add(partial + "\n", stop);
    if (!read && !stop.stop_requested() && !has_reason(read.error(), "NotFound"))
        add(fmt::format("({}: {}: {})\n", source.pod, read.error().message, read.error().evidence), stop);
}

Result<void> PodLog::read_once(const std::string& path, std::string& partial, const std::stop_token& stop)
{
    return cluster_.api().read_stream(
        path,
        [&](std::string_view chunk) {
            partial += chunk;
            const auto end = partial.rfind('\n');
            if (end == std::string::npos) return net::Flow::keep;
            const bool is_read = add(std::string_view(partial).substr(0, end + 1), stop);
            partial.erase(0, end + 1);
            return is_read ? net::Flow::keep : net::Flow::stop;
        },
        stop);
}

/// Waits while the reader is far behind; false when it is stopped meanwhile.
bool PodLog::add(std::string_view text, const std::stop_token& stop)
{
    std::unique_lock lock(mutex_);
    if (!changed_.wait(lock, stop, [&] { return text_.size() < most_ahead; })) return false;
    text_ += text;
    return true;
}

}  // namespace ramet::targets::kubernetes
