#include "app/followed_deliveries.hpp"

#include <utility>

namespace ramet::app {

void FollowedDeliveries::add(Followed followed)
{
    const std::scoped_lock lock(mutex_);
    waiting_.push_back(std::move(followed));
}

std::vector<FollowedDeliveries::Followed> FollowedDeliveries::take()
{
    const std::scoped_lock lock(mutex_);
    return std::exchange(waiting_, {});
}

}  // namespace ramet::app
