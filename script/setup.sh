#!/usr/bin/env bash
# Installs what the repository needs and the machine lacks, in pinned versions. Safe to run again: what is there stays.
#
#   script/setup.sh            node packages, a C compiler, Python environment: enough for the demo and the tests
#   script/setup.sh app        and the packages of the web app
#   script/setup.sh chromium   and the browser that its tests drive
#   script/setup.sh lint       and cargo-deny
#   script/setup.sh openai     and OpenAI's client for Python, with which the gateway is tested
#   script/setup.sh slither    and slither
#   script/setup.sh symbolic   and halmos
#   script/setup.sh llama      and llama.cpp and onnxruntime, with which `make bench-engine` compares (compiles for minutes)
set -euo pipefail
cd "$(dirname "$0")/.."

say() { echo "setup: $*"; }
fail() {
  echo "setup: $*" >&2
  exit 1
}
have() { command -v "$1" >/dev/null 2>&1; }

# Toolchains that come from their own installers.
need_version() { # name, found version, least version, remedy
  [[ "$(printf '%s\n%s\n' "$3" "$2" | sort -V | head -n 1)" == "$3" ]] || fail "$1 $2 found, $3 or newer needed; $4"
}
rust_remedy="install Rust with rustup (https://rustup.rs)"
node_remedy="install Node.js 20 or newer (https://nodejs.org)"
have cargo || fail "no cargo found; $rust_remedy"
need_version Rust "$(rustc --version | cut -d' ' -f2)" "$(sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml)" "run rustup update"
have node && have npm || fail "no node or npm found; $node_remedy"
need_version Node "$(node --version | tr -d v)" 20 "$node_remedy"

# System packages: a C compiler and its headers (SQLite, ring), make, a Python that can make virtual environments.
missing=()
have cc || missing+=(gcc libc6-dev)
have make || missing+=(make)
have python3 || missing+=(python3)
python3 -c 'import venv, ensurepip' 2>/dev/null || missing+=(python3-venv)
if ((${#missing[@]})); then
  if [[ $(id -u) -eq 0 ]] && have apt-get; then
    say "installing system packages: ${missing[*]}"
    apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "${missing[@]}"
  else
    fail "missing system packages: ${missing[*]}; install them (Debian, Ubuntu: apt-get install ${missing[*]})"
  fi
fi

# What was installed is remembered by the digest of the file that pins it.
is_current() { # stamp, pinning file
  [[ -f $1 && "$(cat "$1")" == "$(sha256sum <"$2")" ]]
}
remember() { sha256sum <"$2" >"$1"; }

if ! is_current node_modules/.opg-installed package-lock.json; then
  say "installing node packages (forge, anvil, solc, OpenZeppelin)"
  # Not `npm ci`: Foundry names binaries of platforms that the registry does not have, which npm leaves out of the lock
  # file and `npm ci` then misses. `--no-save` takes what the lock file pins and leaves it as it is.
  npm install --no-save --no-fund --no-audit --ignore-scripts
  remember node_modules/.opg-installed package-lock.json
fi

# npm starts Foundry's tools through a script that ends with status 0 whatever the tool ended with, and leaves the tool
# running when it is killed itself. The commands in node_modules/.bin become the tools themselves.
for tool in forge anvil cast; do
  if binary=$(compgen -G "node_modules/@foundry-rs/$tool-*/bin/$tool"); then
    ln -sfn "../../$binary" "node_modules/.bin/$tool"
  elif binary=$(command -v "$tool") && [[ $binary != "$PWD"/* ]]; then
    ln -sfn "$binary" "node_modules/.bin/$tool"
  else
    fail "npm has no $tool for this machine; install Foundry from https://getfoundry.sh"
  fi
done

# What belongs to the web app alone, and needs no Python.
groups=()
for group in "$@"; do
  case $group in
    app)
      if ! is_current app/node_modules/.opg-installed app/package-lock.json; then
        say "installing node packages (web app)"
        (cd app && npm ci --no-fund --no-audit --ignore-scripts)
        remember app/node_modules/.opg-installed app/package-lock.json
      fi
      ;;
    chromium)
      browser="${OPG_CHROMIUM:-/usr/bin/chromium}"
      if [[ ! -x $browser ]]; then
        if [[ $(id -u) -eq 0 ]] && have apt-get; then
          say "installing system packages: chromium"
          apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends chromium
        else
          fail "no browser at $browser; install Chromium or Chrome and name its program in OPG_CHROMIUM (Debian: apt-get install chromium)"
        fi
      fi
      ;;
    *) groups+=("$group") ;;
  esac
done

if [[ ! -x .venv/bin/pip ]]; then
  say "creating the Python environment .venv"
  python3 -m venv .venv
fi
for group in ${groups[@]+"${groups[@]}"}; do
  requirements="script/setup/requirements-$group.txt"
  [[ -f $requirements ]] || fail "unknown group '$group'; there are app, chromium, lint, llama, openai, slither and symbolic"
  if ! is_current ".venv/.opg-$group" "$requirements"; then
    say "installing Python packages: $group"
    # llama.cpp is compiled for this machine's processor, without its programs.
    export CMAKE_ARGS="-DLLAVA_BUILD=OFF -DLLAMA_BUILD_TOOLS=OFF -DLLAMA_BUILD_EXAMPLES=OFF -DLLAMA_BUILD_TESTS=OFF"
    .venv/bin/pip install --quiet --disable-pip-version-check --requirement "$requirements"
    remember ".venv/.opg-$group" "$requirements"
  fi
done
say "ready ($(node_modules/.bin/forge --version | head -n 1), $(rustc --version | cut -d' ' -f1-2), node $(node --version))"
