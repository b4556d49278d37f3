"""`make bench`: every benchmark in turn."""

from bench import configurations, downloads

if __name__ == "__main__":
    downloads.main()
    configurations.main()
