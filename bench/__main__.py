"""`make bench`: every benchmark in turn."""

from bench import behind_nginx, configurations, downloads, large_fleet, stored_results, sweeps

if __name__ == "__main__":
    downloads.main()
    configurations.main()
    behind_nginx.main()
    large_fleet.main()
    sweeps.main()
    stored_results.main()
