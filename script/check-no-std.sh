#!/usr/bin/env bash
# Shows that the verifier of proofs compiles without the standard library, by itself and with all it depends on.
#
# A target that has none, such as WebAssembly, would show it as well, but is not installed everywhere; so an example without
# the standard library defines a panic handler, which the compiler refuses where a dependency brings one.
set -euo pipefail
cd "$(dirname "$0")/.."

cargo check --locked --quiet --package opg-zkml-verifier --example no_std --features no-std-check
if cargo tree --locked --package opg-zkml-verifier --edges features,normal --prefix none |
    grep -E '^(alloy|ark)-[a-z0-9]+ feature "(std|parallel)"'; then
    echo "check-no-std: a dependency of opg-zkml-verifier is built with the standard library: see above" >&2
    exit 1
fi
