#pragma once
// Compiled once for all folders. Every header still includes what it needs.
#include <fmt/core.h>

#include <boost/json.hpp>

#include <algorithm>
#include <chrono>
#include <expected>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <variant>
#include <vector>
