#include "engine/graph.hpp"

#include "base/text.hpp"
#include "engine/fill.hpp"
#include "engine/graph_check.hpp"
#include "engine/words.hpp"

#include <algorithm>
#include <map>
#include <set>

namespace ramet::engine {
namespace {

using NodesByPath = std::map<std::string, const Node*>;

Result<NodesByPath> index_by_path(const Graph& graph)
{
    NodesByPath nodes;
    for (const auto& node : graph.nodes) {
        if (node.path.empty()) return fail(ErrorKind::invalid, "a node of kind {} has no path", node.kind);
        if (node.kind.empty()) return fail(ErrorKind::invalid, "the node {} has no kind", node.path);
        if (!nodes.emplace(node.path, &node).second)
            return fail(ErrorKind::invalid, "two nodes have the path {}", node.path);
    }
    return nodes;
}

Result<void> check_needs(const Node& node, const NodesByPath& nodes, const ExistingOutputs& existing)
{
    for (const auto& need : node.needs)
        if (!nodes.contains(need) && !existing.contains(need))
            return fail(ErrorKind::invalid, "{} needs {}, which is not in the graph", node.path, need);
    return {};
}

bool is_promised(const OutputReference& reference, const NodesByPath& nodes, const ExistingOutputs& existing)
{
    if (const auto node = nodes.find(reference.path); node != nodes.end())
        return contains(node->second->outputs, reference.output);
    const auto outputs = existing.find(reference.path);
    return outputs != existing.end() && outputs->second.contains(reference.output);
}

Result<void> check_references(const Node& node, const NodesByPath& nodes, const ExistingOutputs& existing)
{
    const auto references = TRY(references_of(node.spec));
    for (const auto& reference : references) {
        if (!contains(node.needs, reference.path))
            return fail(ErrorKind::invalid, "{} refers to the output {} of {}, which it does not need", node.path,
                        reference.output, reference.path);
        if (!is_promised(reference, nodes, existing))
            return fail(ErrorKind::invalid, "{} refers to the output {} of {}, which does not promise it", node.path,
                        reference.output, reference.path);
    }
    return {};
}

/// Depth-first search that keeps its way, so that a cycle can be shown.
class CycleSearch {
public:
    explicit CycleSearch(const NodesByPath& nodes) : nodes_(nodes) {}

    Result<void> visit(const std::string& path)
    {
        if (finished_.contains(path) || !nodes_.contains(path)) return {};
        if (const auto start = std::ranges::find(way_, path); start != way_.end()) {
            std::vector<std::string> cycle(start, way_.end());
            cycle.push_back(path);
            return fail(ErrorKind::invalid, "the graph has a cycle: {}", join(cycle, " → "));
        }
        way_.push_back(path);
        for (const auto& need : nodes_.at(path)->needs) TRY(visit(need));
        way_.pop_back();
        finished_.insert(path);
        return {};
    }

private:
    const NodesByPath& nodes_;
    std::vector<std::string> way_;
    std::set<std::string> finished_;
};

}  // namespace

Result<void> check_graph(const Graph& graph)
{
    return check_graph(graph, {});
}

Result<void> check_graph(const Graph& graph, const ExistingOutputs& existing)
{
    const auto nodes = TRY(index_by_path(graph));
    for (const auto& node : graph.nodes) {
        TRY(check_needs(node, nodes, existing));
        TRY(check_references(node, nodes, existing));
    }
    CycleSearch search(nodes);
    for (const auto& node : graph.nodes) TRY(search.visit(node.path));
    return {};
}

}  // namespace ramet::engine
