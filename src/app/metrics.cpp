#include "app/metrics.hpp"

namespace ramet::app {

namespace {

// A clone takes a fraction of a second, a run with builds many minutes.
const std::vector<double> durations{0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 180, 600, 1800};
constexpr double mebibyte = 1024.0 * 1024.0;
const std::vector<double> sizes{
    0, mebibyte, 16 * mebibyte, 256 * mebibyte, 1024 * mebibyte, 16'384 * mebibyte, 262'144 * mebibyte};

double seconds(Milliseconds duration)
{
    return static_cast<double>(duration.count()) / 1000;
}

template <typename Key>
Histogram& histogram_at(std::map<Key, Histogram>& all, Key key, const std::vector<double>& bounds)
{
    return all.try_emplace(std::move(key), bounds).first->second;
}

void write_all(Exposition& text, const std::map<std::string, Histogram>& all, const std::string& label)
{
    for (const auto& [value, histogram] : all) text.sample({{label, value}}, histogram);
}

}  // namespace

void Metrics::observe_run(std::string_view kind, std::string_view result, Milliseconds took)
{
    const std::scoped_lock lock(mutex_);
    histogram_at(runs_, Key(kind, result), durations).observe(seconds(took));
}

void Metrics::observe_step(std::string_view kind, Milliseconds took)
{
    const std::scoped_lock lock(mutex_);
    histogram_at(steps_, std::string(kind), durations).observe(seconds(took));
}

void Metrics::observe_clone(std::string_view method, Milliseconds took, double bytes_copied)
{
    const std::scoped_lock lock(mutex_);
    histogram_at(clones_, std::string(method), durations).observe(seconds(took));
    histogram_at(clone_bytes_, std::string("copied"), sizes).observe(bytes_copied);
}

void Metrics::count_delivery(std::string_view forge, std::string_view result)
{
    const std::scoped_lock lock(mutex_);
    ++deliveries_[Key(forge, result)];
}

void Metrics::set_orphans(std::map<std::string, int> by_kind)
{
    const std::scoped_lock lock(mutex_);
    for (auto& [kind, count] : orphans_) count = 0;  // A series that was there stays, so that it is seen to end.
    for (auto& [kind, count] : by_kind) orphans_[kind] = count;
}

void Metrics::write(Exposition& text) const
{
    using enum Exposition::Type;
    const std::scoped_lock lock(mutex_);
    text.family("ramet_run_duration_seconds", histogram, "From a run's submission to its end.");
    for (const auto& [key, took] : runs_) text.sample({{"kind", key.first}, {"result", key.second}}, took);
    text.family("ramet_step_duration_seconds", histogram, "Of steps that succeeded.");
    write_all(text, steps_, "step_kind");
    text.family("ramet_db_clone_duration_seconds", histogram, "Of making a preview's database.");
    write_all(text, clones_, "method");
    text.family("ramet_db_clone_bytes", histogram, "Written for a preview's database.");
    write_all(text, clone_bytes_, "kind");
    text.family("ramet_webhook_deliveries_total", counter, "Webhooks that came in.");
    for (const auto& [key, count] : deliveries_)
        text.sample({{"forge", key.first}, {"result", key.second}}, static_cast<double>(count));
    text.family("ramet_orphans", gauge, "What the last sweep found without an owner and left.");
    for (const auto& [kind, count] : orphans_) text.sample({{"kind", kind}}, count);
}

}  // namespace ramet::app
