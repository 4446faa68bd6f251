#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ramet::app {

/// Name and value, in the order in which they are written.
using Labels = std::vector<std::pair<std::string, std::string>>;

/// How long things took, or how large they were: counts per bound, of all values up to it.
class Histogram {
public:
    /// `bounds` ascend; what is above the last one counts as +Inf.
    explicit Histogram(std::vector<double> bounds);

    void observe(double value);

    const std::vector<double>& bounds() const { return bounds_; }
    /// Beside `bounds`: how many were at most as large.
    const std::vector<std::uint64_t>& cumulative() const { return cumulative_; }
    std::uint64_t count() const { return count_; }
    double sum() const { return sum_; }

private:
    std::vector<double> bounds_;
    std::vector<std::uint64_t> cumulative_;
    std::uint64_t count_ = 0;
    double sum_ = 0;
};

/// Prometheus' text format, version 0.0.4: families one after another, each with its samples.
class Exposition {
public:
    enum class Type : std::uint8_t { counter, gauge, histogram };

    /// Begins a family; its samples follow. One without samples is fine.
    void family(std::string_view name, Type type, std::string_view help);
    void sample(const Labels& labels, double value);
    void sample(const Labels& labels, const Histogram& histogram);

    std::string take() { return std::move(text_); }

private:
    void line(std::string_view suffix, const Labels& labels, std::string_view value);

    std::string name_;
    std::string text_;
};

}  // namespace ramet::app
