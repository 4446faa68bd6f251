#pragma once

#include "base/result.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace ramet::config {

/// A place in the text; both count from 1.
struct Mark {
    int line = 1;
    int column = 1;
};

enum class NodeKind : std::uint8_t { null, scalar, sequence, map };
enum class Quoting : std::uint8_t { plain, quoted };

struct Entry;

/// One node of a YAML document with its place. Unlike yaml-cpp's own document, it keeps the place of every key.
struct Node {
    NodeKind kind = NodeKind::null;
    Mark mark{};
    std::string text{};
    Quoting quoting = Quoting::plain;
    std::vector<Node> items{};
    std::vector<Entry> entries;  // `{}` here would need the whole Entry
};

struct Entry {
    std::string key;
    Mark mark{};
    Node value{};
};

struct YamlTree {
    Node root{};
    std::vector<Error> errors{};  ///< not empty: `root` may be incomplete
};

/// Reads one YAML document from untrusted text, in time linear to it. Refused, each with its place: files over 1 MiB, what is
/// no UTF-8, aliases, anchors, tags, duplicate keys, keys that are no scalars, depth over 64, more than one document.
YamlTree parse_yaml(std::string_view text, std::string_view file_name);

/// "ramet.yaml:3:14"
std::string place(std::string_view file_name, Mark mark);

}  // namespace ramet::config
