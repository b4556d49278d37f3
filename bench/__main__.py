"""`make bench`: every benchmark in turn."""

from bench import downloads

if __name__ == "__main__":
    downloads.main()
