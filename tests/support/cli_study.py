"""A tiny real study, and calls of the command line as a user makes them."""

import io
import os
import signal
import subprocess
import sys
from contextlib import chdir, redirect_stderr, redirect_stdout
from pathlib import Path
from unittest.mock import patch

from cnn_ablate.cli import main
from cnn_ablate.cli.json_output import keep_stdout

# Columns that depend on the clock.
VOLATILE = ["seconds", "images_per_second", "peak_memory_mb", "started"]
STUDY = """\
study: tiny
title: Does a tiny network want normalisation?
baseline:
  data: {name: fashion_mnist_sample, subset: 96, test_subset: 40, augment: [random_crop]}
  model: {name: lenet, norm: batch}
  optimizer: {name: sgd, lr: 0.05, momentum: 0.9}
  training: {epochs: 3, batch_size: 16}
factors:
  model.norm: [batch, none]
seeds: 2
claims:
  - {id: norm, factor: model.norm, from: none, to: batch, effect: higher}
"""


def write(folder: Path, text: str = STUDY) -> Path:
    """Write a study file."""
    path = folder / "tiny.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def start(*words: object, cwd: Path) -> subprocess.Popen[str]:
    """Start the program in a new process group."""
    command = [sys.executable, "-m", "cnn_ablate", *map(str, words)]
    return subprocess.Popen(
        command,
        cwd=cwd,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def program(*words: object, cwd: Path) -> tuple[int, str, str]:
    """Run the program; return its exit code, standard output and standard error."""
    process = start(*words, cwd=cwd)
    out, err = process.communicate(timeout=300)
    return process.returncode, out, err


def call(*words: object, cwd: Path) -> tuple[int, str, str]:
    """Do the same in this process, where everything is imported already."""
    out, err, before = io.StringIO(), io.StringIO(), signal.getsignal(signal.SIGTERM)
    with (
        patch.object(sys, "argv", ["cnn-ablate", *map(str, words)]),
        chdir(cwd),
        redirect_stdout(out),
        redirect_stderr(err),
    ):
        try:
            main()
        except SystemExit as ended:
            code = int(ended.code or 0)
        finally:
            signal.signal(signal.SIGTERM, before)
            keep_stdout(as_json=False)
    return code, out.getvalue(), err.getvalue()
