#include "config/yaml_tree.hpp"

#include "config/yaml_text.hpp"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

#include <optional>
#include <set>
#include <sstream>

namespace ramet::config {
namespace {

constexpr std::size_t deepest = 64;
constexpr std::size_t most_duplicates = 100;

/// Leaves yaml-cpp's parser from inside an event.
struct Stop {};

Mark mark_of(const YAML::Mark& mark)
{
    return {mark.line + 1, mark.column + 1};
}

/// Builds the tree from the parser's events. The document model of yaml-cpp is not used: it follows aliases and loses duplicates.
class Builder final : public YAML::EventHandler {
public:
    Builder(std::string_view text, std::string_view file_name) : text_(text), file_name_(file_name) {}

    void OnDocumentStart(const YAML::Mark&) override {}
    void OnDocumentEnd() override {}
    void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override
    {
        stop(mark_of(mark), "aliases (*name) are not allowed");
    }

    void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override
    {
        check_plain(mark, "?", anchor);
        add(Node{.kind = NodeKind::null, .mark = mark_of(mark), .entries = {}});
    }

    void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  const std::string& value) override
    {
        check_plain(mark, tag, anchor);
        // Raw ones were refused already; an escape can still write one.
        if (value.find('\0') != std::string::npos) stop(mark_of(mark), "a zero byte (\\0) is not allowed in a text");
        const auto quoting = tag == "!" ? Quoting::quoted : Quoting::plain;
        const bool is_null =
            quoting == Quoting::plain && (value == "~" || value == "null" || value == "Null" || value == "NULL");
        add(Node{.kind = is_null ? NodeKind::null : NodeKind::scalar,
                 .mark = mark_of(mark),
                 .text = value,
                 .quoting = quoting,
                 .entries = {}});
    }

    void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                         YAML::EmitterStyle::value) override
    {
        open(NodeKind::sequence, mark, tag, anchor);
    }
    void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                    YAML::EmitterStyle::value) override
    {
        open(NodeKind::map, mark, tag, anchor);
    }
    void OnSequenceEnd() override { close(); }
    void OnMapEnd() override { close(); }

    void report(Mark mark, std::string message)
    {
        tree_.errors.push_back(
            {.kind = ErrorKind::invalid, .message = std::move(message), .where = place(file_name_, mark)});
        if (tree_.errors.size() >= most_duplicates) throw Stop{};
    }
    [[noreturn]] void stop(Mark mark, std::string message)
    {
        report(mark, std::move(message));
        throw Stop{};
    }
    YamlTree take() { return std::move(tree_); }

private:
    /// A container that is not closed yet; in a map, `key` is set between a key and its value.
    struct Open {
        Node node;
        std::optional<Entry> key{};
        std::set<std::string, std::less<>> keys{};
    };

    void check_plain(const YAML::Mark& mark, std::string_view tag, YAML::anchor_t anchor)
    {
        if (anchor != 0) stop(mark_of(mark), "anchors (&name) are not allowed");
        const auto at = static_cast<std::size_t>(mark.pos);
        const bool is_quoted = at < text_.size() && std::string_view("\"'|>").find(text_[at]) != std::string_view::npos;
        if (!tag.empty() && tag != "?" && !(tag == "!" && is_quoted))
            stop(mark_of(mark), "tags (!name) are not allowed");
    }

    void open(NodeKind kind, const YAML::Mark& mark, std::string_view tag, YAML::anchor_t anchor)
    {
        check_plain(mark, tag, anchor);
        if (open_.size() >= deepest) stop(mark_of(mark), fmt::format("deeper than {} levels", deepest));
        open_.push_back({.node = Node{.kind = kind, .mark = mark_of(mark), .entries = {}}});
    }

    void close()
    {
        auto done = std::move(open_.back().node);
        open_.pop_back();
        add(std::move(done));
    }

    void add(Node node)
    {
        if (open_.empty()) {
            tree_.root = std::move(node);
            return;
        }
        auto& parent = open_.back();
        if (parent.node.kind == NodeKind::sequence)
            parent.node.items.push_back(std::move(node));
        else if (!parent.key)
            begin_entry(parent, std::move(node));
        else {
            parent.key->value = std::move(node);
            parent.node.entries.push_back(std::move(*parent.key));
            parent.key.reset();
        }
    }

    void begin_entry(Open& map, Node key)
    {
        if (key.kind != NodeKind::scalar) stop(key.mark, "a key must be a plain word");
        if (key.text == "<<" && key.quoting == Quoting::plain) stop(key.mark, "merge keys (<<) are not allowed");
        if (!map.keys.insert(key.text).second)
            report(key.mark, fmt::format("the key '{}' stands here twice", key.text));
        map.key = Entry{.key = std::move(key.text), .mark = key.mark};
    }

    std::string_view text_;
    std::string_view file_name_;
    std::vector<Open> open_{};
    YamlTree tree_{};
};

void read_events(Builder& builder, std::string_view text)
{
    std::istringstream stream{std::string(text)};
    YAML::Parser parser(stream);
    if (!parser.HandleNextDocument(builder)) builder.stop({}, "the file is empty");
    // A second document would be read by nobody.
    Builder second(text, "");
    if (parser.HandleNextDocument(second))
        builder.stop({}, "more than one YAML document (---) in a file is not allowed");
}

}  // namespace

YamlTree parse_yaml(std::string_view text, std::string_view file_name)
{
    if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
    if (auto error = check_text(text, file_name)) return {.errors = {std::move(*error)}};
    Builder builder(text, file_name);
    try {
        read_events(builder, text);
    } catch (const Stop&) {
        // Already reported.
    } catch (const YAML::Exception& problem) {
        const auto mark = problem.mark.is_null() ? Mark{} : mark_of(problem.mark);
        try {
            builder.report(mark, "this is no valid YAML: " + problem.msg);
        } catch (const Stop&) {
        }
    }
    return builder.take();
}

std::string place(std::string_view file_name, Mark mark)
{
    return fmt::format("{}:{}:{}", file_name, mark.line, mark.column);
}

}  // namespace ramet::config
