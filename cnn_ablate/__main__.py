"""The entry point of the command line: the console script, and `python -m cnn_ablate`."""

# `signal` takes milliseconds to import, in which Ctrl-C would print a traceback.
import _signal as signal  # type: ignore[import-not-found]


def main() -> None:
    """Run the command line; Ctrl-C waits until the modules that report it are imported."""
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
    from cnn_ablate import cli  # noqa: PLC0415 - takes a third of a second

    cli.main()


if __name__ == "__main__":
    main()
