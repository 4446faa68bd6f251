#include "cli/command.hpp"

namespace ramet::cli {

namespace {

// Commands complete word by word, then the options of the longest command that was typed.
constexpr std::string_view function = R"bash(_ramet() {
  local current="${COMP_WORDS[COMP_CWORD]}" typed="${COMP_WORDS[*]:1:COMP_CWORD}" path rest best=""
  COMPREPLY=()
  for path in "${!_ramet_options[@]}"; do
    [[ "$typed" == "$path "* && ${#path} -gt ${#best} ]] && best="$path"
    [[ "$path" == "$typed"* ]] || continue
    rest="${path:$(( ${#typed} - ${#current} ))}"
    COMPREPLY+=("${rest%% *}")
  done
  if [[ "$current" == -* && -n "$best" ]]; then
    COMPREPLY=($(compgen -W "${_ramet_options[$best]}" -- "$current"))
  fi
}
)bash";

std::string options_of(const CommandSpec& command)
{
    std::string names = "--help";
    for (const auto& option : command.options) names += " " + option.name;
    for (const auto& option : common_options()) names += " " + option.name;
    return names;
}

}  // namespace

std::string completion_script(const Commands& commands)
{
    std::string table = "declare -A _ramet_options=(\n";
    for (const auto& command : commands) table += fmt::format("  [\"{}\"]=\"{}\"\n", command.path, options_of(command));
    return std::string(function) + table + ")\ncomplete -F _ramet ramet\n";
}

}  // namespace ramet::cli
