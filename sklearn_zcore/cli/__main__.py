"""Run the command as ``python -m sklearn_zcore.cli``."""

from . import main

if __name__ == "__main__":
    main()
