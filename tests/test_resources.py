"""Resources of trials, and the errors if Ray is not available."""

import sys
from pathlib import Path

import pytest

from cnn_ablate.errors import UserError
from cnn_ablate.executors import Resources
from cnn_ablate.executors.ray.connection import _check_address as check_address
from cnn_ablate.executors.ray.executor import RayExecutor
from test_executors import job


@pytest.mark.parametrize(
    ("resources", "expected"),
    [
        (Resources(), 4),
        (Resources(cpus_per_trial=0.5), 8),
        (Resources(cpus_per_trial=3), 1),
        (Resources(cpus_per_trial=5), 0),
        (Resources(device="cuda"), 2),
        (Resources(gpus_per_trial=0.4, cpus_per_trial=0), 5),
        (Resources(gpus_per_trial=0.1, cpus_per_trial=0.1), 20),
    ],
)
def test_as_many_trials_fit_as_the_scarcest_processor_allows(
    resources: Resources, expected: int
) -> None:
    """Four cores and two GPUs, in whole shares."""
    assert expected == resources.capacity(4, 2)


def test_without_ray_the_command_that_installs_it_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ray is an extra; nothing else needs it."""
    monkeypatch.setitem(sys.modules, "ray", None)
    monkeypatch.setenv("RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER", "0")

    with pytest.raises(UserError) as caught:
        list(RayExecutor(Resources()).run([job(tmp_path)]))

    assert (
        "--executor ray: Ray is not installed. Install it with `pip install 'cnn-ablate[ray]'`."
    ) == str(caught.value)


@pytest.mark.parametrize(
    ("address", "message"),
    [
        (
            "ray://head:10001",
            "Ray at ray://head:10001: Ray's remote client cannot do this. Run on a machine of the "
            "cluster, or with `ray job submit`.",
        ),
        ("127.0.0.1:1", "Ray at 127.0.0.1:1: does not answer: [Errno 111] Connection refused."),
    ],
)
def test_a_cluster_that_does_not_answer_is_named(address: str, message: str) -> None:
    """Ray itself would wait for minutes."""
    with pytest.raises(UserError) as caught:
        check_address(address)

    assert message == str(caught.value)
