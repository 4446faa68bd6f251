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

engine::Observation observe(const Json& object, const engine::ResourceRef& ref)
{
    const auto& metadata = metadata_of(object);
    const auto& annotations = get_member(metadata, "annotations");
    const bool is_ours = get_string(get_member(metadata, "labels"), install_label) == ref.mark.install &&
                         get_string(annotations, nonce_annotation) == ref.mark.nonce;
    engine::Observation seen{.presence = is_ours ? engine::Presence::ours : engine::Presence::foreign,
                             .identity = get_string(metadata, "uid"),
                             .spec_hash = is_ours ? get_string(annotations, spec_annotation) : std::string()};
    if (const auto created = parse_rfc3339(get_string(metadata, "creationTimestamp"))) seen.created_at = *created;
    if (const auto going = get_string(metadata, "deletionTimestamp"); !going.empty())
        seen.evidence = fmt::format("it is being deleted since {}; finalizers: {}", going,
                                    to_text(get_member(metadata, "finalizers")));
    return seen;
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
