#include "app/ledger.hpp"

#include <charconv>

namespace ramet::app {

const engine::ResourceView* find_live(const Resources& resources, const std::string& path)
{
    for (const auto& resource : resources)
        if (resource.ref.path == path && resource.phase == engine::Phase::live) return &resource;
    return nullptr;
}

std::string output(const engine::ResourceView* resource, const std::string& name)
{
    if (resource == nullptr) return {};
    const auto found = resource->ref.outputs.find(name);
    return found == resource->ref.outputs.end() ? std::string() : found->second;
}

std::int64_t numeric_output(const engine::ResourceView* resource, const std::string& name)
{
    const auto text = output(resource, name);
    std::int64_t number = 0;
    std::from_chars(text.data(), text.data() + text.size(), number);
    return number;
}

}  // namespace ramet::app
