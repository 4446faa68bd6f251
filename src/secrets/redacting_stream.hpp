#pragma once

#include "secrets/redactor.hpp"

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace ramet::secrets {

/// Redacts one text that comes in pieces, also where a secret is cut by their borders. It holds back only what may be
/// the beginning of a secret. Secrets that are registered meanwhile are found from then on. For one thread; the
/// redactor outlives it.
class RedactingStream {
public:
    explicit RedactingStream(const Redactor& redactor);

    /// What of the text up to now can be shown and was not yet.
    std::string feed(std::string_view chunk);
    /// The rest. The stream can be fed anew afterwards.
    std::string finish();

private:
    struct Interval {
        std::size_t begin;  ///< in the held text
        std::size_t end;
    };

    void follow_registry();
    void scan(std::size_t from);
    void mark(Interval found);
    /// Up to where no secret that is not complete yet can begin.
    std::size_t settled_end() const;
    std::string release(std::size_t end);

    const Redactor& redactor_;
    std::uint64_t version_;
    std::shared_ptr<const Redactor::Matchers> matchers_;
    std::vector<Matcher::State> states_;
    std::string held_;
    std::vector<Interval> found_;  ///< ascending, without overlap
};

}  // namespace ramet::secrets
