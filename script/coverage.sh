#!/usr/bin/env bash
# Coverage of contracts/, examples included. Fails under 95 % of the branches. Gas is not compared here: code that
# counts its branches costs more.
set -euo pipefail
cd "$(dirname "$0")/.."

least=95
report=.cache/coverage/lcov.info
mkdir -p "$(dirname "$report")"
FOUNDRY_PROFILE=coverage node_modules/.bin/forge coverage --no-match-path 'test/gas/*' \
  --no-match-coverage '^(node_modules|script|test)/' --report summary --report lcov --report-file "$report"

# BRF and BRH are the branches found and taken in one file.
awk -F: -v least="$least" '
  /^SF:/  { ours = $2 ~ /^contracts\// }
  /^BRF:/ { if (ours) found += $2 }
  /^BRH:/ { if (ours) taken += $2 }
  END {
    if (found == 0) { print "coverage: the report names no branch of contracts/"; exit 1 }
    percent = 100 * taken / found
    printf "coverage: %d of %d branches of contracts/ taken, %.2f %% (at least %d %%)\n", taken, found, percent, least
    exit percent < least
  }' "$report"
