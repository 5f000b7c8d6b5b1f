"""``python -m hplint`` is ``hplint``."""

from hplint.cli import main

if __name__ == "__main__":
    main(prog_name="hplint")
