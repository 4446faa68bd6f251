#pragma once

#include "base/result.hpp"
#include "variables/input.hpp"

#include <map>
#include <string>
#include <vector>

namespace ramet::variables {

/// A secret that is referred to and cannot be used here.
struct MissingSecret {
    std::string name;
    std::vector<std::string> needed_by{};  ///< "api.STRIPE_KEY"
    bool is_withheld = false;              ///< there is one, but it is protected
    friend bool operator==(const MissingSecret&, const MissingSecret&) = default;
};

/// A value that has to be made once for this environment before it can be brought up.
struct GeneratedWanted {
    std::string path;
    std::string key;
    GeneratedValue declared{};
    friend bool operator==(const GeneratedWanted&, const GeneratedWanted&) = default;
};

using Values = std::map<std::string, ResolvedValue>;  ///< by key

struct Resolution {
    std::map<std::string, Values> values{};  ///< by reader: service or job
    std::map<std::string, SecretReference>
        needed_secrets{};  ///< by what needs them; those that are missing are not among them
    /// Their places in `values` hold a reference to a secret without id: nothing can run before all are made.
    std::vector<GeneratedWanted> wanted{};
    std::vector<MissingSecret> missing_secrets{};  ///< by name
    std::vector<std::string> without_secrets{};    ///< "api.STRIPE_KEY": left out, as this preview gets no secrets
    std::vector<Error> errors{};                   ///< cycles, unknown names, what no pull request gives
};

/// Resolves every variable of every reader as far as it can be before anything exists. Pure; always ends.
Resolution resolve_variables(const ResolutionInput& input);

/// The missing secrets and errors as refusals, one for all missing secrets, in words.
std::vector<Error> problems_of(const Resolution& resolution, ReaderKind reader);

}  // namespace ramet::variables
