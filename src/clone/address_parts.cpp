#include "clone/address_parts.hpp"

#include "base/text.hpp"

#include <array>
#include <map>
#include <utility>

namespace ramet::clone {
namespace {

constexpr std::string_view separators = " \t\r\n,;|\"'`()<>{}";

constexpr std::array<std::pair<std::string_view, std::string_view>, 15> usual_ports = {{{"postgres", "5432"},
                                                                                        {"postgresql", "5432"},
                                                                                        {"mysql", "3306"},
                                                                                        {"mariadb", "3306"},
                                                                                        {"redis", "6379"},
                                                                                        {"rediss", "6379"},
                                                                                        {"mongodb", "27017"},
                                                                                        {"amqp", "5672"},
                                                                                        {"amqps", "5671"},
                                                                                        {"http", "80"},
                                                                                        {"ws", "80"},
                                                                                        {"https", "443"},
                                                                                        {"wss", "443"},
                                                                                        {"smtp", "25"},
                                                                                        {"ldap", "389"}}};

std::string usual_port(std::string_view scheme)
{
    for (const auto& [known, port] : usual_ports)
        if (known == scheme) return std::string(port);
    return {};
}

int hex_digit(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

bool is_number(std::string_view text)
{
    return !text.empty() && text.size() <= 5 && text.find_first_not_of("0123456789") == std::string_view::npos;
}

/// "[::1]:80", "host:80", "host".
void take_host_and_port(std::string_view authority, AddressParts& parts)
{
    auto host = authority;
    if (authority.starts_with('[')) {
        const auto end = authority.find(']');
        host = authority.substr(1, end == std::string_view::npos ? end : end - 1);
        authority.remove_prefix(end == std::string_view::npos ? authority.size() : end + 1);
        if (authority.starts_with(':') && is_number(authority.substr(1))) parts.port = authority.substr(1);
    } else if (const auto colon = authority.rfind(':'); colon != std::string_view::npos) {
        host = authority.substr(0, colon);
        if (is_number(authority.substr(colon + 1))) parts.port = authority.substr(colon + 1);
    }
    parts.host = to_lower(percent_decoded(host));
    // "host." is the same host, written absolutely.
    if (parts.host.ends_with('.')) parts.host.pop_back();
}

void take_user(std::string_view info, AddressParts& parts)
{
    const auto colon = info.find(':');
    parts.user = percent_decoded(info.substr(0, colon));
    if (colon != std::string_view::npos) parts.password = percent_decoded(info.substr(colon + 1));
}

}  // namespace

std::string percent_decoded(std::string_view text)
{
    std::string result;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const int high = text[i] == '%' && i + 2 < text.size() ? hex_digit(text[i + 1]) : -1;
        const int low = high >= 0 ? hex_digit(text[i + 2]) : -1;
        if (low < 0) {
            result += text[i];
            continue;
        }
        result += static_cast<char>(high * 16 + low);
        i += 2;
    }
    return result;
}

std::vector<std::string> tokens_of(std::string_view value)
{
    std::vector<std::string> tokens;
    for (std::size_t start = 0; start < value.size();) {
        auto end = value.find_first_of(separators, start);
        if (end == std::string_view::npos) end = value.size();
        const auto token = value.substr(start, end - start);
        start = end + 1;
        if (token.empty()) continue;
        tokens.emplace_back(token);
        const auto equals = token.find('=');
        if (equals != std::string_view::npos && token.find("://") > equals && equals + 1 < token.size())
            tokens.emplace_back(token.substr(equals + 1));
    }
    return tokens;
}

AddressParts parse_address(std::string_view token)
{
    AddressParts parts;
    if (token.starts_with("jdbc:")) token.remove_prefix(5);
    const auto scheme_end = token.find("://");
    if (scheme_end != std::string_view::npos) {
        parts.scheme = to_lower(token.substr(0, scheme_end));
        // "postgresql+asyncpg" is spoken to like "postgresql".
        parts.port = usual_port(std::string_view(parts.scheme).substr(0, parts.scheme.find('+')));
        token.remove_prefix(scheme_end + 3);
    }
    const auto path_start = token.find_first_of("/?#");
    auto authority = token.substr(0, path_start);
    if (const auto at = authority.rfind('@'); at != std::string_view::npos) {
        take_user(authority.substr(0, at), parts);
        authority.remove_prefix(at + 1);
    }
    const bool has_port =
        authority.rfind(':') != std::string_view::npos && is_number(authority.substr(authority.rfind(':') + 1));
    if (scheme_end == std::string_view::npos && !has_port) return {};  // Neither a URL nor host:port.
    take_host_and_port(authority, parts);
    auto rest = path_start == std::string_view::npos ? std::string_view() : token.substr(path_start);
    rest = rest.substr(0, rest.find('#'));
    if (const auto question = rest.find('?'); question != std::string_view::npos) {
        parts.query = rest.substr(question + 1);
        rest = rest.substr(0, question);
    }
    for (const auto& part : split(rest, '/'))
        if (!part.empty()) parts.path.push_back(percent_decoded(part));
    return parts;
}

AddressParts parse_dsn(std::string_view value)
{
    std::map<std::string, std::string> fields;
    for (const auto& token : tokens_of(value)) {
        const auto equals = token.find('=');
        if (equals != std::string::npos && token.find("://") == std::string::npos)
            fields[to_lower(token.substr(0, equals))] = token.substr(equals + 1);
    }
    const auto first = [&](std::initializer_list<const char*> names) {
        for (const auto* name : names)
            if (fields.contains(name)) return fields[name];
        return std::string();
    };
    AddressParts parts;
    parts.host = to_lower(first({"host", "hostaddr", "server"}));
    if (parts.host.empty()) return {};
    parts.port = first({"port"});
    if (parts.port.empty()) parts.port = "5432";
    parts.user = first({"user", "uid", "username"});
    parts.password = first({"password", "pwd"});
    if (const auto name = first({"dbname", "database"}); !name.empty()) parts.path = {name};
    return parts;
}

}  // namespace ramet::clone
