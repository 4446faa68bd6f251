#include "targets/kubernetes/object_marks.hpp"

#include "engine/fill.hpp"

namespace ramet::targets::kubernetes {

namespace {

constexpr std::string_view owner_label = "ramet.dev/owner";
constexpr std::string_view nonce_annotation = "ramet.dev/nonce";
constexpr std::string_view kind_annotation = "ramet.dev/kind";
constexpr std::string_view name_annotation = "ramet.dev/name";

json::object& member_object(json::object& parent, std::string_view key)
{
    auto& member = parent[key];
    if (!member.is_object()) member = json::object();
    return member.get_object();
}

const Json& metadata_of(const Json& object)
{
    return get_member(object, "metadata");
}

json::object* find_object(json::object* parent, std::string_view key)
{
    auto* member = parent ? parent->if_contains(key) : nullptr;
    return member ? member->if_object() : nullptr;
}

/// What makes pods has a template for them; what makes jobs, one of those around it.
void label_pods(json::object& object, const engine::ResourceRef& ref)
{
    auto* spec = find_object(&object, "spec");
    if (auto* jobs = find_object(spec, "jobTemplate")) spec = find_object(jobs, "spec");
    auto* pods = find_object(spec, "template");
    if (!pods) return;
    member_object(member_object(*pods, "metadata"), "labels")[install_label] = ref.mark.install;
}

bool has_mark_of(const Json& object, const engine::ResourceRef& ref)
{
    const auto& metadata = metadata_of(object);
    return get_string(get_member(metadata, "labels"), install_label) == ref.mark.install &&
           get_string(get_member(metadata, "annotations"), nonce_annotation) == ref.mark.nonce;
}

std::string spec_of(const Json& object)
{
    return get_string(get_member(metadata_of(object), "annotations"), spec_annotation);
}

}  // namespace

Json with_mark(Json object, const engine::ResourceRef& ref)
{
    auto& metadata = member_object(object.as_object(), "metadata");
    auto& labels = member_object(metadata, "labels");
    labels["app.kubernetes.io/managed-by"] = "ramet";
    labels[install_label] = ref.mark.install;
    labels[owner_label] = ref.mark.owner.str();
    auto& annotations = member_object(metadata, "annotations");
    annotations[nonce_annotation] = ref.mark.nonce;
    annotations[kind_annotation] = ref.kind;
    annotations[name_annotation] = ref.name;
    annotations[spec_annotation] = engine::spec_hash(ref.spec);
    label_pods(object.get_object(), ref);
    return object;
}

bool is_of_spec(const Json& object, const engine::ResourceRef& ref)
{
    return has_mark_of(object, ref) && spec_of(object) == engine::spec_hash(ref.spec);
}

engine::Observation observe(const Json& object, const engine::ResourceRef& ref)
{
    const auto& metadata = metadata_of(object);
    const bool is_ours = has_mark_of(object, ref);
    engine::Observation seen{.presence = is_ours ? engine::Presence::ours : engine::Presence::foreign,
                             .identity = get_string(metadata, "uid"),
                             .spec_hash = is_ours ? spec_of(object) : std::string()};
    seen.is_intact = !is_of_spec(object, ref) || find_lost_fields(object, ref).empty();
    if (const auto created = parse_rfc3339(get_string(metadata, "creationTimestamp"))) seen.created_at = *created;
    if (const auto going = get_string(metadata, "deletionTimestamp"); !going.empty())
        seen.evidence = fmt::format("it is being deleted since {}; finalizers: {}", going,
                                    to_text(get_member(metadata, "finalizers")));
    return seen;
}

std::vector<LostField> find_lost_fields(const Json& object, const engine::ResourceRef& ref)
{
    // A Job is what it is: its controller writes into it, and nobody else can change what it runs.
    const auto& applied = get_member(ref.spec, "object");
    if (!applied.is_object() || !get_member(ref.spec, "once").is_null()) return {};
    auto owners = get_member(metadata_of(object), "managedFields");
    if (owners.is_string()) owners = parse_json(owners.get_string()).value_or(Json());
    // Where something between us and the cluster leaves it out, nothing is known.
    if (!owners.is_array() || owners.get_array().empty()) return {};
    return find_lost_fields(with_mark(applied, ref), owners.get_array());
}

engine::OwnerId owner_of(const Json& object)
{
    return engine::OwnerId(get_string(get_member(metadata_of(object), "labels"), owner_label));
}

std::optional<engine::InventoryItem> to_item(const Json& object)
{
    const auto& metadata = metadata_of(object);
    const auto& labels = get_member(metadata, "labels");
    const auto& annotations = get_member(metadata, "annotations");
    engine::InventoryItem item{.kind = get_string(annotations, kind_annotation),
                               .name = get_string(annotations, name_annotation),
                               .mark = {.install = get_string(labels, install_label),
                                        .owner = engine::OwnerId(get_string(labels, owner_label)),
                                        .nonce = get_string(annotations, nonce_annotation)},
                               .identity = get_string(metadata, "uid")};
    const auto created = parse_rfc3339(get_string(metadata, "creationTimestamp"));
    if (item.kind.empty() || item.name.empty() || item.mark.nonce.empty() || !created) return std::nullopt;
    item.created_at = *created;
    return item;
}

}  // namespace ramet::targets::kubernetes
