"""``python -m optim_core`` is the command `optim`."""

from optim_core.cli import main

if __name__ == "__main__":
    main()
