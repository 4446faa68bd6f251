#include "target.hpp"

#include "base/json.hpp"

#include <algorithm>

namespace ramet::fuzz {

namespace {

std::size_t depth_of(const Json& value)
{
    std::size_t deepest = 0;
    if (const auto* array = value.if_array())
        for (const auto& element : *array) deepest = std::max(deepest, depth_of(element));
    else if (const auto* object = value.if_object())
        for (const auto& member : *object) deepest = std::max(deepest, depth_of(member.value()));
    else
        return 0;
    return deepest + 1;
}

/// Boost reads the last bit of some of them wrong, so that they need not read the same after a writing.
bool has_fraction(const Json& value)
{
    if (const auto* array = value.if_array()) return std::ranges::any_of(*array, has_fraction);
    if (const auto* object = value.if_object())
        return std::ranges::any_of(*object, [](const auto& member) { return has_fraction(member.value()); });
    return value.is_double();
}

void run(std::string_view input)
{
    const auto read = parse_json(input);
    if (!read) return require(read.error().kind == ErrorKind::invalid, "bad JSON is {}", to_string(read.error().kind));
    require(depth_of(*read) <= 64, "{} levels were read", depth_of(*read));
    for (const auto& text : {to_text(*read), to_canonical_text(*read)}) {
        const auto again = parse_json(text);
        require(again.has_value(), "what was written cannot be read: {}", text.substr(0, 200));
        require(has_fraction(*read) || to_canonical_text(*again) == to_canonical_text(*read),
                "written and read it is another value: {}", text.substr(0, 200));
    }
    // For people: 1.5e3 is 1500 there, which is read as a whole number.
    require(parse_json(to_pretty_text(*read)).has_value(), "what people get to see is no JSON");
    require(!to_text(*read).contains('\n'), "more than one line");
    (void)require_string(*read, "a");
    (void)require_int(*read, "a");
    (void)get_int(*read, "b");
}

std::vector<std::string> seeds()
{
    return {R"({"a":1,"b":[true,null,"x\u20ac\n"],"c":{"d":1.5e3}})",
            R"([1,2.0,-0.0,1e100,18446744073709551615,-9223372036854775808])",
            std::string(60, '[') + std::string(60, ']'), R"("\ud83d\ude00")", R"({"a":{"a":{"a":{}}}})"};
}

}  // namespace

const Target& json_target()
{
    static const Target target{
        "json",
        seeds,
        {"[", "]", "{", "}", ",", ":", "\"", "\\u", "\\ud800", "1e", "-", "null", "{\"a\":", "[[[[[[[[", "]]]]]]]]"},
        run};
    return target;
}

}  // namespace ramet::fuzz
