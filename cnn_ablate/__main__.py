"""Run the command line as `python -m cnn_ablate`."""

from cnn_ablate.cli import main

if __name__ == "__main__":
    main()
