"""`make bench`: every benchmark in turn."""

from bench import behind_nginx, configurations, downloads

if __name__ == "__main__":
    downloads.main()
    configurations.main()
    behind_nginx.main()
