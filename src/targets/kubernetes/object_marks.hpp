#pragma once

#include "engine/driver.hpp"

namespace ramet::targets::kubernetes {

/// The owner's mark on an object of the cluster: labels by which it is found, annotations that prove whose it is. Both are part of the creating request.
inline constexpr std::string_view install_label = "ramet.dev/install";
inline constexpr std::string_view spec_annotation = "ramet.dev/spec";

/// The object with our mark, and with our label on the pods that it makes.
Json with_mark(Json object, const engine::ResourceRef& ref);

/// What is there, compared with the resource that should own it.
engine::Observation observe(const Json& object, const engine::ResourceRef& ref);

/// Of an object that carries a mark of that install; nothing when the mark is not whole: then it is not ours.
std::optional<engine::InventoryItem> to_item(const Json& object);

}  // namespace ramet::targets::kubernetes
