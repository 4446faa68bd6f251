#pragma once

#include <compare>
#include <cstdint>
#include <string>

namespace ramet::variables {

/// Weakest first: a stronger layer wins whatever the scopes are.
enum class Layer : std::uint8_t { base, previews, preview };
/// Weakest first, within one layer.
enum class Scope : std::uint8_t { organization, project, environment, service };
/// Within one place, what a person set wins over what the file says: else setting it would do nothing.
enum class Source : std::uint8_t { file, person };

/// Where a variable or a secret lives.
///   --org            base, organization             --previews   previews, project
///   (nothing said)   base, project                  --preview P  preview, environment P
///   --env E          base, environment E            --env E --service S  base, service S of E
struct Place {
    Layer layer = Layer::base;
    Scope scope = Scope::project;
    std::string environment{};  ///< name; empty: any
    std::string service{};      ///< for Scope::service: service or job
    friend bool operator==(const Place&, const Place&) = default;
};

/// Which of two places wins: compared lexicographically.
struct Rank {
    Layer layer;
    Scope scope;
    Source source;
    friend auto operator<=>(const Rank&, const Rank&) = default;
};

/// "environment staging", "previews of the project", "service api in all previews".
std::string describe(const Place& place);

}  // namespace ramet::variables
