#include "variables/place.hpp"

namespace ramet::variables {
namespace {

std::string of_environment(const Place& place)
{
    return place.environment.empty() ? "" : " of " + place.environment;
}

}  // namespace

std::string describe(const Place& place)
{
    if (place.layer == Layer::previews)
        return place.scope == Scope::service ? "service " + place.service + " in all previews"
                                             : "previews of the project";
    const std::string preview = place.layer == Layer::preview ? "preview " : "environment ";
    switch (place.scope) {
    case Scope::organization: return "organization";
    case Scope::project: return "project";
    case Scope::environment: return preview + place.environment;
    case Scope::service: return "service " + place.service + of_environment(place);
    }
    return {};
}

}  // namespace ramet::variables
