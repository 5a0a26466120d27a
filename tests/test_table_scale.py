"""Tables of thousands of finished trials: time grows with their number, and memory is bounded."""

from pathlib import Path

import pytest

from support import fake_study
from support.measured_process import run_measured

pytestmark = pytest.mark.slow

SCRIPT = """\
import sys, time
from pathlib import Path
from cnn_ablate.analysis import analyse, write_analysis
from cnn_ablate.store import Store, read_record, write_study

store = Store(Path(sys.argv[1]))
record = read_record(store.root, "made_up")
began = time.process_time()
write_analysis(analyse(write_study(store, record)))
print(time.process_time() - began)
"""


def cost(root: Path, variants: int) -> tuple[float, float]:
    """Return the CPU seconds and the megabytes of the tables of 50 trials per variant."""
    small = fake_study.FakeStudy(variants=variants, seeds=50, images=100, epochs=3, samples=0)
    fake_study.publish(root, small)
    measured = run_measured(SCRIPT, root)
    return float(measured.printed), measured.megabytes


def test_the_time_of_tables_grows_with_the_trials(tmp_path: Path) -> None:
    """Four times as many trials take at most six times as long, and 2,000 less than 800 MB."""
    few, _ = cost(tmp_path / "few", 10)
    many, megabytes = cost(tmp_path / "many", 40)
    assert many < 6 * few, (few, many)
    assert megabytes < 800
