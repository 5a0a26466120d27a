"""Recipes: pinned ones are kept, named ones are used, and long work is worth a race."""

import math
from collections.abc import Mapping
from pathlib import Path

import pytest

from cnn_ablate.errors import UserError
from cnn_ablate.executors import Resources
from cnn_ablate.runner import ComputeChoice, RunConfig, autotune, recipes, survey
from cnn_ablate.runner.autotune import Candidate, fastest
from cnn_ablate.schema import ComputeConfig, DataFacts, Study
from cnn_ablate.settings import resolve
from cnn_ablate.store import Store, pinned, write_pins
from test_train import trial

FACTS = DataFacts(
    name="made", fingerprint="", classes=("a", "b"), shape=(1, 28, 28), train=60_000, test=10_000
)
PLAIN = ComputeConfig()
CONTIGUOUS = ComputeConfig(layout="contiguous")
COMPILED = ComputeConfig(compiled=True)
WIDE = ComputeConfig(layout="contiguous", compiled=True, stack=8)


def entry(steps: float, mates: int = 8) -> Candidate:
    """Enter a tiny network for a race."""
    return Candidate(trial(), FACTS, PLAIN, steps, mates)


@pytest.fixture
def timed(monkeypatch: pytest.MonkeyPatch) -> dict[ComputeConfig, float]:
    """Let steps take as long as the test says, and one second if it says nothing."""
    seconds: dict[ComputeConfig, float] = {}
    monkeypatch.setattr(autotune, "_seconds", lambda _, compute: seconds.get(compute, 1e-3))
    monkeypatch.setattr(autotune, "_compiles", lambda _: True)
    return seconds


@pytest.mark.parametrize(
    ("steps", "expected"),
    [(21e3, PLAIN), (22e3, CONTIGUOUS), (1199e3, CONTIGUOUS), (1201e3, WIDE)],
    ids=["short", "long", "still long", "very long"],
)
def test_the_longer_the_work_the_more_is_tried(
    timed: dict[ComputeConfig, float], steps: float, expected: ComputeConfig
) -> None:
    """Layouts are timed where that takes a tenth of the work; ten minutes are worth compiling."""
    timed |= {CONTIGUOUS: 5e-4, WIDE: 1e-4}
    assert expected == fastest(entry(steps))


def test_slow_steps_need_more_work(timed: dict[ComputeConfig, float]) -> None:
    """Where a step takes a second, two layouts cost seven: four minutes of work are worth that."""
    timed |= {PLAIN: 1.0, CONTIGUOUS: 0.5}
    assert [PLAIN, CONTIGUOUS] == [fastest(entry(steps)) for steps in (219, 221)]


def test_the_most_promising_program_comes_first(timed: dict[ComputeConfig, float]) -> None:
    """A minute for each: twenty minutes of work are worth two, the second without a stack.

    Of nine trials, stacks of eight would leave seven slots empty, and stacks of four three; of a
    hundred, that is no matter.
    """
    timed |= {COMPILED: 1e-9}
    assert [PLAIN, COMPILED] == [fastest(entry(steps, mates=4)) for steps in (1199e3, 1201e3)]
    timed |= {ComputeConfig(compiled=True, stack=width): 1e-4 for width in (4, 8)}
    assert [4, 8] == [fastest(entry(601e3, mates=mates)).stack for mates in (9, 100)]


def test_what_cannot_be_computed_does_not_win(timed: dict[ComputeConfig, float]) -> None:
    """A candidate that fails takes for ever; a hair's breadth is no reason to leave the start."""
    timed |= {CONTIGUOUS: 9.9e-4, COMPILED: math.inf}
    assert PLAIN == fastest(entry(1e7, mates=1))


def test_stacks_are_no_wider_than_the_trials_of_one_worker(
    timed: dict[ComputeConfig, float],
) -> None:
    """A worker that would idle beside a wide stack is worth more than the stack."""
    timed |= {ComputeConfig(compiled=True, stack=width): 1e-3 / width**2 for width in (4, 8)}
    assert 4 == fastest(entry(1e7, mates=5)).stack


def test_steps_are_really_timed() -> None:
    """The seconds of a step are those of a real one, alone and in a stack."""
    for compute in (PLAIN, ComputeConfig(stack=2)):
        assert 0 < autotune._seconds(entry(1), compute) < 10


def test_a_course_of_few_steps_is_timed_too() -> None:
    """One cycle over one epoch does not end under the clock."""
    one_cycle = trial(schedule__name="one_cycle", training__epochs=1)
    assert autotune._seconds(Candidate(one_cycle, FACTS, PLAIN, 1, 1), PLAIN) < 10


def laid_out(tmp_path: Path, way: ComputeChoice) -> tuple[object, RunConfig]:
    """Lay out a study of two rates, two norms and two seeds."""
    written = {
        "data": {"name": "fashion_mnist_sample", "subset": 40, "test_subset": 40},
        "model": {"name": "lenet"},
    }
    study = Study(name="s", written=written, baseline=resolve(written), seeds=(0, 1))
    where = RunConfig(tmp_path, way=way)
    return survey(study, where), where


def test_named_recipes_and_widths_are_used(tmp_path: Path) -> None:
    """What the user says is done, whatever is pinned."""
    found, where = laid_out(tmp_path, ComputeChoice("reference", "3"))
    chosen = recipes.recipes(found, found.plan.trials, where, Resources())
    assert {ComputeConfig(layout="contiguous", fused=False, stack=3)} == set(chosen.values())


def test_what_is_pinned_is_kept(tmp_path: Path) -> None:
    """A resumed study computes as it did, and short work is not raced at all."""
    found, where = laid_out(tmp_path, ComputeChoice())
    todo = found.plan.trials
    assert {PLAIN} == set(recipes.recipes(found, todo, where, Resources()).values())
    [form] = recipes.alike(todo)
    write_pins(Store(tmp_path), "s", {f"cpu {form}": COMPILED})
    assert {f"cpu {form}": COMPILED} == pinned(Store(tmp_path), "s")
    assert {COMPILED} == set(recipes.recipes(found, todo, where, Resources()).values())


def test_a_width_of_the_users_own_is_not_raced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where stacks are off or their width is said, no other may decide how trials are computed."""
    mates: list[int] = []

    def outcomes(entries: Mapping[str, Candidate], _: int) -> dict[str, ComputeConfig]:
        mates.extend(entry.mates for entry in entries.values())
        return {}

    monkeypatch.setattr(recipes, "pays", lambda *_, **__: True)
    monkeypatch.setattr(recipes, "_outcomes", outcomes)
    for stack in ("auto", "off", "2"):
        found, where = laid_out(tmp_path, ComputeChoice(stack=stack))
        recipes.recipes(found, found.plan.trials, where, Resources(workers=1))
    assert [2, 1, 1] == mates


def test_trials_that_differ_in_rates_are_alike() -> None:
    """Seed, learning rate, decay, smoothing and drop rate do not part a stack; shapes do."""
    convnet = {"model__name": "convnet"}
    stack = [
        trial(0, **convnet, model__dropout=0.5),
        trial(1, **convnet, model__dropout=0.2, optimizer__lr=0.1),
        trial(2, **convnet, model__dropout=0.1, loss__label_smoothing=0.1),
    ]
    others = [trial(**convnet, model__dropout=0.0), trial(**convnet, training__batch_size=8)]
    groups = list(recipes.alike([*stack, *others]).values())
    assert [stack, others[:1], others[1:]] == groups


@pytest.mark.parametrize(
    "way", [ComputeChoice("fastest"), ComputeChoice("auto", "many"), ComputeChoice("auto", "0")]
)
def test_unknown_ways(tmp_path: Path, way: ComputeChoice) -> None:
    """A recipe that has no name and a width that is no number are errors."""
    found, where = laid_out(tmp_path, way)
    with pytest.raises(UserError, match=r"--recipe fastest|--stack"):
        recipes.recipes(found, found.plan.trials, where, Resources())
