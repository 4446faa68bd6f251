#include "clone/memory.hpp"

namespace ramet::clone {

std::int64_t memory_of(const DesiredEnvironment& environment)
{
    if (environment.power == Power::off) return 0;
    std::int64_t sum = 0;
    for (const auto& service : environment.services)
        if (service.treatment == Treatment::rebuilt || service.treatment == Treatment::copied)
            sum += service.declared.replicas * service.declared.resources.memory_bytes.value_or(memory_when_unsaid);
    return sum;
}

}  // namespace ramet::clone
