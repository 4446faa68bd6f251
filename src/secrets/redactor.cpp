#include "secrets/redactor.hpp"

#include "secrets/forms.hpp"
#include "secrets/redacting_stream.hpp"

#include <algorithm>

namespace ramet::secrets {
namespace {

constexpr std::size_t most_recent_values = 64;

std::shared_ptr<const Matcher> matcher_of(const std::vector<std::string>& values)
{
    std::vector<std::string> patterns;
    for (const auto& value : values) std::ranges::move(forms_of(value), std::back_inserter(patterns));
    return std::make_shared<const Matcher>(patterns);
}

}  // namespace

Redactor::Redactor() : large_(std::make_shared<const Matcher>(std::vector<std::string>{}))
{
    matchers_ = std::make_shared<const Matchers>();
}

void Redactor::add(const SecretBytes& value)
{
    if (value.size() < shortest_redacted) return;
    const std::lock_guard lock(mutex_);
    const std::string text(value.reveal());
    if (counts_[text]++ > 0) return;
    recent_.push_back(text);
    is_stale_ = true;
    ++version_;
}

void Redactor::remove(const SecretBytes& value)
{
    const std::lock_guard lock(mutex_);
    const auto known = counts_.find(value.reveal());
    if (known == counts_.end() || --known->second > 0) return;
    counts_.erase(known);
    if (std::erase(recent_, value.reveal()) == 0) ++removed_;
    is_stale_ = true;
    ++version_;
}

std::shared_ptr<const Redactor::Matchers> Redactor::snapshot() const
{
    const std::lock_guard lock(mutex_);
    if (is_stale_) rebuild();
    return matchers_;
}

void Redactor::rebuild() const
{
    if (recent_.size() > most_recent_values || removed_ > settled_ / 4) {
        std::vector<std::string> all;
        for (const auto& [value, count] : counts_) all.push_back(value);
        large_ = matcher_of(all);
        settled_ = all.size();
        removed_ = 0;
        recent_.clear();
    }
    Matchers matchers;
    if (settled_ > 0) matchers.push_back(large_);
    if (!recent_.empty()) matchers.push_back(matcher_of(recent_));
    matchers_ = std::make_shared<const Matchers>(std::move(matchers));
    is_stale_ = false;
}

std::string Redactor::redact(std::string_view text) const
{
    RedactingStream stream(*this);
    auto out = stream.feed(text);
    return out + stream.finish();
}

}  // namespace ramet::secrets
