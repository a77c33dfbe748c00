"""`python -m mnv3` is `mnv3`."""

from mnv3.cli.main import main

if __name__ == "__main__":
    main()
