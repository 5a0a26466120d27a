"""The shipped studies: their plans, the sizes of their networks, and their claims."""

import json
import re
import time
from functools import cache
from itertools import combinations
from pathlib import Path

import pytest

from cnn_ablate.metrics import KNOWN_METRICS
from cnn_ablate.models import find_dead_parameters, network_size
from cnn_ablate.plan import claim_weights, plan
from cnn_ablate.schema import Claim, Plan, Record, Settings, Size, Study
from cnn_ablate.settings import build_options, resolve
from cnn_ablate.study import Changes, read_study

FOLDER = Path(__file__).parents[1] / "ablations"
SHIPPED = sorted(path.stem for path in FOLDER.glob("*.yaml"))
PAPERS = [name for name in SHIPPED if name not in {"demo", "smoke"}]
COUNTS = [
    ("cifar_cbam", "baseline", 2_134_902),
    ("cifar_cbam", "attention=none", 2_134_902 - 300),
    ("fashion_lr", "baseline", 402_986),
    ("fashion_lr", "model1_text", 31_530),
    ("fashion_lr", "model2", 334_154),
    ("lenet_cifar", "baseline", 62_006),
    ("cifar_ladder", "baseline", 62_006),
    ("cifar_ladder", "wider", 2_348_030),
    ("cifar_ladder", "normalised", 413_566),
    ("cifar_ladder", "attentive", 521_646),
    ("resnet18_tuning", "baseline", 11_173_962),
    ("resnet18_tuning", "adam", 11_173_962),
    ("resnet18_tuning", "adam_tuned", 11_173_962),
    ("resnet18_tuning", "one_block", 4_903_242),
    ("resnet18_tuning", "plateau", 4_903_242),
    ("resnet18_tuning", "separable", 722_186),
    ("preact_cbam", "baseline", 4_969_600),
    ("preact_cbam", "attention=none", 4_969_600),
    ("preact_cbam", "transformer=none", 4_969_600 - 694_320),
    ("preact_cbam", "attention_ignored=false", 5_001_792),
    ("preact_cbam", "se", 5_003_680),
    ("preact_cbam", "described", 5_001_792),
]
# Counts that a paper states and its own network contradicts.
MISCOUNTED = {("cifar_ladder", "parameters-table"), ("preact_cbam", "parameters-described")}
# Pairs of numbers that a paper gives for one thing.
CONTRADICTIONS = {
    ("accuracy-separable", "accuracy-separable-abstract"),
    ("ship", "ship-in-text"),
    ("dog", "dog-in-conclusion"),
}


@cache
def study_and_plan(name: str, profile: str = "") -> tuple[Study, Plan]:
    """Return a shipped study with its plan."""
    study = read_study(FOLDER / f"{name}.yaml", Changes(profile=profile))
    return study, plan(study, resolve)


@cache
def _network_size(network: str, data: str) -> Size:
    section = {"data": json.loads(data), "model": json.loads(network)}
    chosen = build_options(resolve(section))
    form = chosen.data.spec()
    return network_size(chosen.model, form.shape, len(form.classes))


def network_size_of(settings: Settings) -> Size:
    """Return the size of the network of some settings, computed once."""
    return _network_size(
        json.dumps(settings["model"]), json.dumps({"name": settings["data"]["name"]})
    )


def sizes(name: str) -> dict[str, Size]:
    """Return the sizes of all networks of a study, also by the names of merged variants."""
    plan = study_and_plan(name)[1]
    by_name = {variant.name: network_size_of(variant.settings) for variant in plan.variants}
    return by_name | {name: by_name[first] for name, first in plan.same.items()}


def numbers() -> list[tuple[str, Claim]]:
    """Return the numbers that papers claim of one variant, with their studies."""
    every = [(name, claim) for name in PAPERS for claim in study_and_plan(name)[0].claims]
    return [(n, c) for n, c in every if c.value is not None and not c.compares and not c.effect]


def changed_keys(name: str, variant: str, reference: str) -> set[str]:
    """Return the keys in which a contrast differs."""
    contrasts = {(c.variant, c.reference): c for c in study_and_plan(name)[1].contrasts}
    return set(contrasts[variant, reference].changed)


def count_images(name: str, profile: str) -> int:
    """Count the training images of all trials and epochs; data sets have at least 50,000."""
    return sum(
        (trial.settings["data"]["subset"] or 50_000) * trial.settings["training"]["epochs"]
        for trial in study_and_plan(name, profile)[1].trials
    )


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_study_plans_in_seconds(name: str) -> None:
    """Reading and planning a study and sizing its networks takes less than five seconds."""
    began = time.process_time()
    study_and_plan.__wrapped__(name)
    sizes(name)

    assert time.process_time() - began < 5


@pytest.mark.parametrize(("name", "variant", "parameters"), COUNTS)
def test_networks_have_the_published_size(name: str, variant: str, parameters: int) -> None:
    """Each published network has its published number of parameters."""
    assert parameters == sizes(name)[variant].parameters


def test_stated_counts_hold_but_for_two() -> None:
    """Each parameter count that a paper states is that of the network, or known to be wrong."""
    stated = [(name, claim) for name, claim in numbers() if claim.metric == "parameters"]

    assert MISCOUNTED == {
        (name, claim.id)
        for name, claim in stated
        if sizes(name)[claim.variant or ""].parameters != claim.value
    }


def test_the_more_complex_network_is_the_smaller_one() -> None:
    """Model 2 has fewer parameters than model 1 of the program, more than that of the text."""
    by_name = sizes("fashion_lr")
    one, text, two = (by_name[name] for name in ("baseline", "model1_text", "model2"))

    assert text.parameters < two.parameters < one.parameters
    assert text.macs < one.macs < two.macs


def test_a_stated_limit_is_broken_with_attention_on() -> None:
    """The network of under five million parameters is larger with any attention."""
    limit = study_and_plan("preact_cbam")[0].model_limit or 0
    over = {name for name, size in sizes("preact_cbam").items() if size.parameters > limit}

    assert {"attention_ignored=false", "se", "described"} == over


def test_the_released_network_has_a_dead_transformer() -> None:
    """The Transformer block is built as released, and no gradient reaches it."""
    chosen = build_options(study_and_plan("preact_cbam")[1].variants[0].settings)

    assert {"transformer": 694_320} == find_dead_parameters(chosen.model, (3, 32, 32), 10)


@pytest.mark.parametrize("name", PAPERS)
def test_every_claim_can_be_answered(name: str) -> None:
    """Claims are about variants, metrics and classes that the study has."""
    study, layout = study_and_plan(name)
    record = Record.model_construct(study=study, plan=layout)
    classes = build_options(study.baseline).data.spec().classes

    for claim in study.claims:
        assert claim.compares == (len(claim_weights(record.plan, claim)) > 1), claim.id
        assert claim.metric in KNOWN_METRICS, claim.id
        assert {claim.of_class, claim.taken_for} <= {None, *classes}, claim.id


@pytest.mark.parametrize("name", PAPERS)
def test_every_claim_quotes_a_few_words(name: str) -> None:
    """Claims quote at most ten words of the paper, beside insertions in brackets, and its place."""
    for claim in study_and_plan(name)[0].claims:
        quoted = re.sub(r"\[[^]]*\]", "", claim.quote)
        assert 1 <= len(quoted.split()) <= 10, claim.id
        assert claim.place, claim.id


def test_contradictions_of_a_paper_are_kept() -> None:
    """Two numbers for one quantity are both claimed, and nothing else is claimed twice."""
    assert CONTRADICTIONS == {
        (one.id, other.id)
        for (name, one), (other_name, other) in combinations(numbers(), 2)
        if (name, one.variant, one.metric, one.of_class)
        == (other_name, other.variant, other.metric, other.of_class)
    }


def test_published_steps_move_several_things() -> None:
    """Steps of a ladder and the published Adam run change several keys."""
    widened = {"model.name", "training.epochs"}
    adam = {"model.convs", "model.hidden", "optimizer.name", "optimizer.lr"}
    tuned = {"optimizer.lr", "training.batch_size", "training.epochs"}

    assert widened <= changed_keys("cifar_ladder", "wider", "baseline")
    assert {"model.attention", "schedule.name"} <= changed_keys(
        "cifar_ladder", "attentive", "normalised"
    )
    assert adam == changed_keys("fashion_lr", "adam", "baseline")
    assert tuned == changed_keys("resnet18_tuning", "adam_tuned", "adam")


@pytest.mark.parametrize(
    ("variant", "reference", "key"),
    [
        ("wider", "width", "training.epochs"),
        ("batch_norm", "wider", "model.batch_norm"),
        ("global_pool", "batch_norm", "model.global_pool"),
        ("dropout", "global_pool", "model.dropout"),
        ("normalised", "dropout", "training.epochs"),
        ("attention", "normalised", "model.attention"),
    ],
)
def test_single_changes_lead_the_same_way(variant: str, reference: str, key: str) -> None:
    """The second ladder includes the published steps, and changes one key per step."""
    assert {key} == changed_keys("cifar_ladder", variant, reference)


@pytest.mark.parametrize("name", PAPERS)
def test_the_cpu_profile_is_small(name: str) -> None:
    """The profile `cpu` trains on at most a fifth of the images."""
    assert 5 * count_images(name, "cpu") <= count_images(name, "")


@pytest.mark.parametrize("name", SHIPPED)
def test_a_study_shrinks_to_a_smoke_test(name: str) -> None:
    """With `--smoke` every variant trains one epoch on embedded images that fit its network."""
    study, layout = study_and_plan(name, "smoke")

    assert len(study.seeds) <= 2
    for variant in layout.variants:
        assert "fashion_mnist_sample" == variant.settings["data"]["name"]
        assert 1 == variant.settings["training"]["epochs"]
        assert network_size_of(variant.settings).parameters > 0
