#pragma once

#include "engine/driver.hpp"
#include "targets/kubernetes/ownership.hpp"

namespace ramet::targets::kubernetes {

/// The owner's mark on an object of the cluster: labels by which it is found, annotations that prove whose it is. Both are part of the creating request.
inline constexpr std::string_view install_label = "ramet.dev/install";
inline constexpr std::string_view spec_annotation = "ramet.dev/spec";

/// The object with our mark, and with our label on the pods that it makes.
Json with_mark(Json object, const engine::ResourceRef& ref);

/// What is there, compared with the resource that should own it; no longer intact where somebody has changed what we applied. `object` as the
/// cluster or a cache tells it.
engine::Observation observe(const Json& object, const engine::ResourceRef& ref);

/// Whether it carries our mark and the spec that `ref` has: not one from before, which a watch may still show.
bool is_of_spec(const Json& object, const engine::ResourceRef& ref);

/// What others have changed or taken away of what `ref` says was applied.
std::vector<LostField> find_lost_fields(const Json& object, const engine::ResourceRef& ref);

/// Whose it is by its label; empty when it has none.
engine::OwnerId owner_of(const Json& object);

/// Of an object that carries a mark of that install; nothing when the mark is not whole: then it is not ours.
std::optional<engine::InventoryItem> to_item(const Json& object);

}  // namespace ramet::targets::kubernetes
