"""Where the console script begins; it is installed with the package, and the libraries it needs are not."""


def main() -> None:
    """Run the command."""
    try:
        from .group import commands
    except ModuleNotFoundError as error:
        if error.name != "click":
            raise
        raise SystemExit("ses-constructs needs a few more libraries: pip install 'ses-constructs[cli]'") from error
    commands(prog_name="ses-constructs")


if __name__ == "__main__":
    main()
