#pragma once

#include "engine/driver.hpp"
#include "engine/run_store.hpp"

#include <memory>

namespace ramet::daemon {

/// Places at which a test ends the process as a power cut would, or loses an answer: before and after each commit of the engine
/// and each call of a driver. Only a build with RAMET_FAILPOINTS has them (`tests/failpoints/places.hpp` says how they are used); in any other the
/// engine gets its store and its drivers as they are.
class Failpoints {
public:
    /// Both must outlive this object.
    Failpoints(engine::RunStore& store, const engine::Drivers& drivers);
    Failpoints(const Failpoints&) = delete;
    Failpoints& operator=(const Failpoints&) = delete;
    ~Failpoints();

    engine::RunStore& store();
    const engine::Drivers& drivers() const;

private:
    struct Parts;
    std::unique_ptr<Parts> parts_;
};

}  // namespace ramet::daemon
