"""`make bench`: every benchmark in turn."""

from bench import (
    ahead,
    behind_nginx,
    configurations,
    downloads,
    imports,
    large_fleet,
    million_phones,
    slow_readers,
    stored_results,
    storm,
    sweeps,
)

if __name__ == "__main__":
    downloads.main()
    configurations.main()
    storm.main()
    slow_readers.main()
    million_phones.main()
    ahead.main()
    imports.main()
    behind_nginx.main()
    large_fleet.main()
    sweeps.main()
    stored_results.main()
