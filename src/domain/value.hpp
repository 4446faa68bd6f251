#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

namespace ramet {

/// Where something was said: a file with line and column, or a person and a time.
struct Provenance {
    std::string file{};
    int line = 0;
    int column = 0;
    std::string set_by{};  ///< "alice at 2026-11-23T10:00:00Z" for values set through the API

    friend bool operator==(const Provenance&, const Provenance&) = default;
};

/// What the file or a person says a variable is, before anything is resolved.
struct TextValue {
    std::string text;  ///< may hold ${…}; `$${` stands for `${`
    friend bool operator==(const TextValue&, const TextValue&) = default;
};
struct SecretValue {
    std::string secret;  ///< name, looked up by the same (layer, scope) rule as variables
    friend bool operator==(const SecretValue&, const SecretValue&) = default;
};
struct AliasValue {
    std::string target;  ///< another variable of the reading service
    friend bool operator==(const AliasValue&, const AliasValue&) = default;
};
struct UnsetValue {
    friend bool operator==(const UnsetValue&, const UnsetValue&) = default;
};
struct GeneratedValue {
    int length = 32;
    bool secret = false;
    friend bool operator==(const GeneratedValue&, const GeneratedValue&) = default;
};
using DeclaredValue = std::variant<TextValue, SecretValue, AliasValue, UnsetValue, GeneratedValue>;

struct Variable {
    std::string key;
    DeclaredValue value;
    Provenance where{};

    friend bool operator==(const Variable&, const Variable&) = default;
};
using Variables = std::vector<Variable>;  ///< keys are unique; order of the file

/// One version of one secret; what specs and journals hold instead of the plaintext.
struct SecretReference {
    std::string id;  ///< the store's identity of (scope, name)
    std::int64_t version = 0;
    std::string name{};  ///< for people; not part of the identity
    friend bool operator==(const SecretReference&, const SecretReference&) = default;
};

/// An output of a resource that is known only once that resource exists: ("service/api", "url").
/// Resources are named by what the file calls them: "service/NAME" or "database/NAME"; the target's render maps them to its nodes.
/// Outputs of a service: host, port. Of a database: host, port. (Urls are composed of these when a value is resolved.)
struct OutputReference {
    std::string resource;
    std::string output;
    friend bool operator==(const OutputReference&, const OutputReference&) = default;
};

/// A value that is resolved as far as it can be before anything exists: pieces to be put one behind the other.
using Segment = std::variant<std::string, SecretReference, OutputReference>;
using ResolvedValue = std::vector<Segment>;

}  // namespace ramet
