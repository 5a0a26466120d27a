"""Ctrl-C while a command still imports its modules: one sentence, and the code of an interrupt."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from support import cli_study

# A terminal sends the signal to the fork server, too. Only this process has the hook.
INTERRUPTED_IMPORT = """
import os, signal, sys

class Finder:
    def find_spec(name, path=None, target=None):
        if name == wanted:
            sys.meta_path.remove(Finder)
            os.killpg(0, signal.SIGINT)

wanted = sys.argv.pop(1)
sys.meta_path.insert(0, Finder)
from cnn_ablate.__main__ import main
main()
"""


@pytest.mark.slow
@pytest.mark.parametrize("command", ["run", "plan"])
@pytest.mark.parametrize(
    "module", ["typer", "cnn_ablate.cli.app", "cnn_ablate.cli.results_app", "numpy", "torch"]
)
def test_ctrl_c_during_imports_is_one_sentence(tmp_path: Path, command: str, module: str) -> None:
    """Neither the command nor the server that it has just started prints a traceback."""
    study = cli_study.write(tmp_path)
    code = [sys.executable, "-c", INTERRUPTED_IMPORT, module, command, str(study)]
    ended = subprocess.run(
        code, capture_output=True, text=True, check=False, cwd=tmp_path, start_new_session=True
    )
    assert "Interrupted. Run the same command again to resume.\n" == ended.stderr
    assert ("", 128 + signal.SIGINT) == (ended.stdout, ended.returncode)


LOST_INTERRUPT = """
import os, signal, time, typer
from cnn_ablate.cli.exit_codes import run_and_exit

class Temporary:
    def __del__(self):
        os.kill(os.getpid(), signal.SIGINT)

app = typer.Typer()

@app.command()
def command():
    Temporary()
    for _ in range(1000):
        time.sleep(0.01)

run_and_exit(app)
"""


@pytest.mark.slow
def test_ctrl_c_in_a_callback_is_not_lost() -> None:
    """Python ignores exceptions of callbacks; locks of imports have some."""
    code = [sys.executable, "-c", LOST_INTERRUPT]
    ended = subprocess.run(code, capture_output=True, text=True, check=False)
    assert "Interrupted. Run the same command again to resume.\n" == ended.stderr
    assert 128 + signal.SIGINT == ended.returncode
