"""`mlptrain` and `python -m mlptrain`: the command line."""

from mlptrain.cli import cli


def main() -> None:
    """Run the command line; the entry point that the installation names."""
    cli(prog_name="mlptrain")


if __name__ == "__main__":
    main()
