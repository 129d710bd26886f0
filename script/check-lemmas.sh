#!/usr/bin/env bash
# Proves the lemmas of an SMT file: each of its searches for a counterexample has to end with "unsat".
set -euo pipefail
cd "$(dirname "$0")/.."

file=$1
searches=$(grep -c '^(check-sat)' "$file")
# z3 ends with another status than 0 when it could not do what a line says.
answers=$(.venv/bin/z3 "$file") || true
proved=$(grep -cx 'unsat' <<<"$answers" || true)
if [[ $proved -ne $searches || $(wc -l <<<"$answers") -ne $searches ]]; then
  echo "$file: $proved of $searches lemmas proved; z3 answered:" >&2
  echo "$answers" >&2
  exit 1
fi
echo "$file: $proved lemmas proved"
