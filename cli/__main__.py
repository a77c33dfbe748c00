"""`python -m cli` is `mnv3`."""

from cli.main import main

if __name__ == "__main__":
    main()
