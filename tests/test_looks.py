"""Adaptive seeds through a real run: look by look, interrupted, resumed, and told by `status`."""

import json
from pathlib import Path

import pytest

from cnn_ablate.executors import Ended, Event, Resources
from cnn_ablate.runner import RunConfig, prepare
from cnn_ablate.runner.jobs import Round, outstanding
from cnn_ablate.runner.run import run
from cnn_ablate.store import Results, read_progress
from cnn_ablate.study import read_study
from support import cli_study
from support.fast_study import allow_fork, fork_workers

pytestmark = [allow_fork, pytest.mark.usefixtures(fork_workers.__name__)]

# A learning rate of nothing stays at chance, which so large an error decides at the first look.
STUDY = """\
study: fast
baseline:
  data: {name: fashion_mnist_sample, subset: 200, test_subset: 100}
  model: {name: lenet, norm: none}
  optimizer: {name: sgd, lr: 0.05, momentum: 0.9}
  training: {epochs: 5, batch_size: 16}
factors:
  optimizer.lr: [0.05, 0.051, 0.0000001]
seeds: {looks: [3, 4], error: 0.3}
"""


class StoppedError(Exception):
    """Stands for an error in the middle of a run."""


def adaptive(
    folder: Path, *, fresh: bool = False, stop_after: int = 0
) -> tuple[Results, list[Round]]:
    """Run the study with looks; raise after some trials have ended."""
    folder.mkdir(exist_ok=True)
    path = folder / "fast.yaml"
    path.write_text(STUDY, encoding="utf-8")
    config = RunConfig(results=folder / "results", resources=Resources(workers=1), compute="eager")
    prepared = prepare(read_study(path), config)
    ended: list[Event] = []
    taken: list[Round] = []

    def on_event(event: Event) -> None:
        ended.extend([event] if isinstance(event, Ended) else [])
        if len(ended) == stop_after > 0:
            raise StoppedError

    trials = outstanding(prepared, fresh=fresh)
    return run(prepared, trials, config, on_event, taken.append).results, taken


def trained(results: Results) -> dict[str, int]:
    """Return the number of trials by variant."""
    return dict(results.trials["variant"].value_counts())


@pytest.mark.slow
def test_only_open_contrasts_get_more_seeds(tmp_path: Path) -> None:
    """A run takes look after look; a second run has nothing to do, and `--fresh` does the same."""
    results, taken = adaptive(tmp_path)
    assert 9 == len(taken[0].trials)
    assert "look 1 of 2: 2 of 2 contrasts open" == taken[0].look
    assert [] == taken[-1].trials
    counts = trained(results)
    assert 3 == counts["lr=1e-07"]
    assert counts["baseline"] == counts["lr=0.051"] > 3
    assert sum(len(round_.trials) for round_ in taken) == len(results.trials)
    again, nothing = adaptive(tmp_path)
    assert [0] == [len(round_.trials) for round_ in nothing]
    assert again.trials.equals(results.trials)
    fresh, once_more = adaptive(tmp_path, fresh=True)
    assert [round_.look for round_ in once_more] == [round_.look for round_ in taken]
    assert trained(fresh) == counts
    progress = read_progress(results.store, "fast")
    assert progress
    assert progress.look == taken[-1].look
    assert len(progress.trials) == len(results.trials)


@pytest.mark.slow
@pytest.mark.parametrize("stop_after", [4, 10])
def test_an_interrupted_run_goes_on_with_its_look(tmp_path: Path, stop_after: int) -> None:
    """Within a look or within the next one: the results are those of an uninterrupted run."""
    whole, _ = adaptive(tmp_path / "whole")
    with pytest.raises(StoppedError):
        adaptive(tmp_path / "stopped", stop_after=stop_after)
    results, _ = adaptive(tmp_path / "stopped")
    accuracy = ["trial", "test_accuracy"]
    assert results.trials[accuracy].equals(whole.trials[accuracy])


@pytest.mark.slow
def test_commands_tell_the_look(tmp_path: Path) -> None:
    """`run` prints each look, and `status` counts the trials that were needed."""
    (tmp_path / "fast.yaml").write_text(STUDY, encoding="utf-8")
    words = ("--workers", 1, "--compute", "eager", "--no-pictures")
    code, _, err = cli_study.call("run", "fast.yaml", *words, cwd=tmp_path)
    assert 0 == code, err
    assert "0 are done, at most 12 to train." in err
    assert "Look 1 of 2: 2 of 2 contrasts open; 9 trials to train." in err
    assert "Look 2 of 2: 1 of 2 contrasts open; 2 trials to train." in err
    code, out, _ = cli_study.call("status", "fast", cwd=tmp_path)
    assert "waiting" not in out
    assert "Look 2 of 2: 1 decided, 1 undecided." in out
    status = json.loads(cli_study.call("status", "fast", "--json", cwd=tmp_path)[1])
    assert status["trials"] == status["done"] < 12
