"""`make bench`: every benchmark in turn, each in a process of its own.

So the memory that one reports is its own, and not what the one before it left.
"""

import subprocess
import sys

ROWS = (
    "downloads",
    "configurations",
    "storm",
    "slow_readers",
    "million_phones",
    "ahead",
    "imports",
    "behind_nginx",
    "large_fleet",
    "sweeps",
    "stored_results",
)

if __name__ == "__main__":
    for row in ROWS:
        subprocess.run([sys.executable, "-m", f"bench.{row}"], check=True)
