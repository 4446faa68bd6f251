#include "app/exposition.hpp"

#include <fmt/core.h>

#include <cmath>

namespace ramet::app {

namespace {

std::string_view to_string(Exposition::Type type)
{
    using enum Exposition::Type;
    switch (type) {
    case counter: return "counter";
    case gauge: return "gauge";
    case histogram: return "histogram";
    }
    return "untyped";
}

// Help text escapes the backslash and the line feed, label values the double quote as well.
std::string escaped(std::string_view text, std::string_view also)
{
    std::string result;
    for (const char c : text) {
        if (c == '\\' || also.contains(c)) result += '\\';
        if (c == '\n')
            result += "\\n";
        else
            result += c;
    }
    return result;
}

// The shortest form that reads back as the same number.
std::string number(double value)
{
    if (std::isinf(value)) return value > 0 ? "+Inf" : "-Inf";
    if (std::isnan(value)) return "NaN";
    return fmt::format("{}", value);
}

std::string in_braces(const Labels& labels)
{
    if (labels.empty()) return {};
    std::string text;
    for (const auto& [name, value] : labels)
        text += fmt::format("{}{}=\"{}\"", text.empty() ? "" : ",", name, escaped(value, "\""));
    return "{" + text + "}";
}

}  // namespace

Histogram::Histogram(std::vector<double> bounds) : bounds_(std::move(bounds)), cumulative_(bounds_.size()) {}

void Histogram::observe(double value)
{
    for (std::size_t i = 0; i < bounds_.size(); ++i) cumulative_[i] += value <= bounds_[i] ? 1 : 0;
    ++count_;
    sum_ += value;
}

void Exposition::family(std::string_view name, Type type, std::string_view help)
{
    name_ = name;
    text_ += fmt::format("# HELP {} {}\n# TYPE {} {}\n", name, escaped(help, {}), name, to_string(type));
}

void Exposition::line(std::string_view suffix, const Labels& labels, std::string_view value)
{
    text_ += fmt::format("{}{}{} {}\n", name_, suffix, in_braces(labels), value);
}

void Exposition::sample(const Labels& labels, double value)
{
    line("", labels, number(value));
}

void Exposition::sample(const Labels& labels, const Histogram& histogram)
{
    auto with_bound = labels;
    with_bound.emplace_back("le", "");
    for (std::size_t i = 0; i < histogram.bounds().size(); ++i) {
        with_bound.back().second = number(histogram.bounds()[i]);
        line("_bucket", with_bound, std::to_string(histogram.cumulative()[i]));
    }
    with_bound.back().second = "+Inf";
    line("_bucket", with_bound, std::to_string(histogram.count()));
    line("_sum", labels, number(histogram.sum()));
    line("_count", labels, std::to_string(histogram.count()));
}

}  // namespace ramet::app
