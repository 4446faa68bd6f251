#include "targets/kubernetes/ownership.hpp"

#include "targets/kubernetes/api_client.hpp"

#include <algorithm>

namespace ramet::targets::kubernetes {

namespace {

/// A set of fields as managedFields writes it (fieldsV1): "f:NAME" of a member, `k:{"name":"web"}` of an item by its keys, "v:VALUE" of a
/// value in a set; a member with nothing below it is owned as a whole.
using Fields = json::object;
using Owned = std::vector<const Fields*>;
using Segments = std::vector<std::string>;

bool is_ours(const Json& owner)
{
    return get_string(owner, "manager") == field_manager && get_string(owner, "subresource").empty();
}

const Fields* fields_of(const Json& owner)
{
    return get_member(owner, "fieldsV1").if_object();
}

Owned below(const Owned& owned, const std::string& segment)
{
    Owned found;
    for (const auto* fields : owned)
        if (const auto* member = fields->if_contains(segment))
            if (const auto* object = member->if_object()) found.push_back(object);
    return found;
}

bool is_whole(const Owned& owned)
{
    return std::ranges::any_of(owned, [](const Fields* fields) { return fields->empty(); });
}

/// What a server leaves out of what it stores when it is said.
bool is_nothing(const Json& value)
{
    return value.is_null() || value == "" || value == 0 || value == false ||
           (value.is_array() && value.get_array().empty()) || (value.is_object() && value.get_object().empty());
}

/// Of `k:{"containerPort":80,"protocol":"TCP"}`; a key that the item does not say is a default.
bool is_item(const std::string_view segment, const Json& item)
{
    const auto keys = parse_json(segment.substr(2));
    if (!keys || !keys->is_object()) return false;
    return std::ranges::all_of(keys->get_object(), [&](const auto& key) {
        const auto& value = get_member(item, key.key());
        return value.is_null() || value == key.value();
    });
}

/// The segment by which an item stands there; none when it is not owned.
std::optional<std::string> find_item(const Owned& owned, const Json& item)
{
    for (const auto* fields : owned)
        for (const auto& [segment, below] : *fields)
            if (std::string_view(segment).starts_with("k:") && is_item(segment, item)) return std::string(segment);
    return std::nullopt;
}

bool has_items(const Owned& owned)
{
    return std::ranges::any_of(owned, [](const Fields* fields) {
        return std::ranges::any_of(*fields, [](const auto& field) { return field.key().starts_with("k:"); });
    });
}

class Search {
public:
    explicit Search(const json::array& owners) : owners_(owners) {}

    std::vector<LostField> run(const Json& applied)
    {
        Owned owned;
        for (const auto& owner : owners_)
            if (is_ours(owner) && fields_of(owner)) owned.push_back(fields_of(owner));
        for (const auto& [name, value] : applied.as_object()) {
            if (name == "apiVersion" || name == "kind") continue;
            // It is written so, and stored as data.
            if (name == "stringData")
                look_at_members(value, below(owned, "f:data"), "data", {"f:data"});
            else if (name == "metadata")
                look_at_metadata(value, below(owned, "f:metadata"));
            else
                look_at(value, below(owned, "f:" + std::string(name)), name, {"f:" + std::string(name)});
        }
        return std::move(lost_);
    }

private:
    void look_at_metadata(const Json& metadata, const Owned& owned)
    {
        for (const auto* name : {"labels", "annotations"}) {
            const auto segment = fmt::format("f:{}", name);
            look_at_members(get_member(metadata, name), below(owned, segment), fmt::format("metadata.{}", name),
                            {"f:metadata", segment});
        }
    }

    void look_at(const Json& value, const Owned& owned, const std::string& path, const Segments& segments)
    {
        if (owned.empty()) {
            auto owner = find_owner(segments);
            if (!is_nothing(value) || !owner.empty()) lost_.push_back({path, std::move(owner)});
            return;
        }
        if (is_whole(owned)) return;
        if (value.is_object()) look_at_members(value, owned, path, segments);
        if (value.is_array() && has_items(owned)) look_at_items(value.get_array(), owned, path, segments);
    }

    void look_at_members(const Json& value, const Owned& owned, const std::string& path, const Segments& segments)
    {
        if (!value.is_object()) return;
        for (const auto& [name, member] : value.get_object()) {
            const auto segment = "f:" + std::string(name);
            look_at(member, below(owned, segment), fmt::format("{}.{}", path, std::string_view(name)),
                    with(segments, segment));
        }
    }

    void look_at_items(const json::array& items, const Owned& owned, const std::string& path, const Segments& segments)
    {
        for (const auto& item : items) {
            const auto name = get_string(item, "name");
            const auto item_path = fmt::format("{}[{}]", path, name.empty() ? to_text(item) : name);
            if (const auto segment = find_item(owned, item))
                look_at(item, below(owned, *segment), item_path, with(segments, *segment));
            else
                lost_.push_back({item_path, {}});
        }
    }

    static Segments with(Segments segments, std::string segment)
    {
        segments.push_back(std::move(segment));
        return segments;
    }

    /// Who has it now.
    std::string find_owner(const Segments& segments) const
    {
        for (const auto& owner : owners_) {
            if (is_ours(owner) || !fields_of(owner)) continue;
            Owned at{fields_of(owner)};
            for (const auto& segment : segments) at = below(at, segment);
            if (!at.empty()) return get_string(owner, "manager");
        }
        return {};
    }

    const json::array& owners_;
    std::vector<LostField> lost_;
};

}  // namespace

std::vector<LostField> find_lost_fields(const Json& applied, const json::array& owners)
{
    return Search(owners).run(applied);
}

}  // namespace ramet::targets::kubernetes
