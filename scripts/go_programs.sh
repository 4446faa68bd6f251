# Sourced by what builds a program of the tests from its Go module, once, into the cache outside the checkout: scripts/gitea, scripts/kubernetes.
# shellcheck shell=bash
export LC_ALL=C
cache="${XDG_CACHE_HOME:-$HOME/.cache}/ramet"

say() { echo "$(basename "$0"): $*" >&2; }
fail() { say "$*"; exit 1; }

# At least $1, as versions are ordered: 1.9 < 1.26.
at_least() { [ "$(printf '%s\n%s\n' "$1" "$2" | sort -V | head -n1)" = "$1" ]; }

# Outside any module and without switching, so that the answer is the tool chain's own version.
version_of() { (cd / && GOTOOLCHAIN=local "$1" env GOVERSION 2>/dev/null | sed 's/^go//'); }

go_platform() { (cd / && "$1" env GOOS GOARCH | paste -sd-); }

# Debian 12's Go 1.19 knows nothing of tool chains, but they are ordinary modules: it can download version $2 with the Go at $1.
fetch_tool_chain() {
    local go="$1" needed="$2" work dir
    work="$(mktemp -d)"
    say "fetching the Go $needed tool chain with $go"
    dir="$(cd "$work" && GOTOOLCHAIN=local "$go" mod download -json \
        "golang.org/toolchain@v0.0.1-go$needed.$(go_platform "$go")" | sed -n 's/^[[:space:]]*"Dir": "\(.*\)",*$/\1/p')" \
        || fail "the Go $needed tool chain could not be downloaded; the messages above say why"
    rmdir "$work"
    # Module zips carry no mode bits; newer versions of Go set the same ones on the same files.
    chmod +x "$dir"/bin/* "$dir"/pkg/tool/*/*
    echo "$dir/bin/go"
}

# A Go that can build the module whose go.mod is $1.
find_go() {
    local go needed
    needed="$(sed -n 's/^go //p' "$1")"
    for go in $(type -ap go); do
        if at_least "$needed" "$(version_of "$go")"; then echo "$go"; return; fi
    done
    go="$(command -v go || true)"
    [ -n "$go" ] || fail "no Go tool chain: install Debian's golang-go"
    fetch_tool_chain "$go" "$needed"
}

# The version of module $2 that the go.mod $1 asks for.
version_in() { sed -n "s|^[[:space:]]*\(require \)\{0,1\}$2 v\([^ ]*\).*|\2|p" "$1" | head -n1; }

# Whether what `$1` needs to be like is in the folder $2 of the cache; else `build FOLDER` makes it. Two suites may ask at once: the second
# waits and finds it built.
ensure_built() {
    local program="$1" home="$2"
    [ ! -x "$home/$program" ] || return 0
    mkdir -p "$(dirname "$home")"
    exec 9>"$(dirname "$home")/.lock"
    flock 9
    [ ! -x "$home/$program" ] || return 0
    rm -rf "$home.partial"
    mkdir -p "$home.partial/bin"
    (build "$home.partial")
    mv "$home.partial" "$home"
}

key_of() { cat "$@" | sha256sum | cut -c1-16; }
