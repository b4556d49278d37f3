#!/usr/bin/env bash
# What we did not write, and what must not be in the tree: grave faults, secrets, known advisories.
set -euo pipefail
bin=$1; shift
"$bin/bandit" --quiet --recursive -lll "$@"

# Entropy and keywords find our hashes and forms; private keys, tokens of services and passwords in
# addresses are what a person pastes by mistake. The excluded lines are placeholders.
found=$("$bin/detect-secrets" scan --no-verify \
  --disable-plugin KeywordDetector \
  --disable-plugin Base64HighEntropyString --disable-plugin HexHighEntropyString \
  --exclude-files '(\.po|\.mo|\.pdf|requirements[a-z-]*\.txt)$|static/vendor/|^tests/(recordings/|provision/test_redaction)' \
  --exclude-lines 'password@|guest:guest@127|change-me@|mail\.example\.ru|KEY-----\\nabc\\n' |
  "$bin/python" -c "import json, sys
for place, hits in json.load(sys.stdin)['results'].items():
    for hit in hits:
        print(place, hit['line_number'], hit['type'])")
if [ -n "$found" ]; then
  printf 'A secret in the tree:\n%s\n' "$found" >&2
  exit 1
fi

# The database of advisories is on the network: where it cannot be reached, that is said.
report=$(mktemp); trap 'rm -f "$report"' EXIT
if "$bin/pip-audit" --progress-spinner off --require-hashes --disable-pip -r requirements.txt \
    --format json >"$report" 2>&1; then status=0; else status=$?; fi
"$bin/python" - "$report" "$status" <<'END'
import json
import sys

text, status = open(sys.argv[1]).read(), int(sys.argv[2])
lines = [line for line in text.splitlines() if line.startswith("{")]
if not lines:
    print("advisories: the database was not reached, nothing was audited")
    sys.exit(0)
parts = json.loads(lines[-1])["dependencies"]
skipped = sum("skip_reason" in part for part in parts)
bad = [(part["name"], part["version"], v["id"]) for part in parts for v in part.get("vulns", [])]
for name, version, number in bad:
    print(f"advisory {number}: {name} {version}")
print(f"advisories: {len(parts) - skipped} of {len(parts)} parts audited, {len(bad)} known faults")
sys.exit(1 if bad else 0)
END
