"""Run the command as ``python -m sklearn_zcore``."""

from sklearn_zcore.cli import main

if __name__ == "__main__":
    main()
