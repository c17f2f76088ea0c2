"""``python -m broker.cli``."""

from broker.cli.root import main

if __name__ == "__main__":
    main()
