"""Variants that answer one class for everything."""

from collections.abc import Iterator

from cnn_ablate.checks.trained_study import TrainedStudy
from cnn_ablate.schema import Finding
from cnn_ablate.text import listed, some

# A few stray answers make no classifier.
_SHARE = 0.99


def predicts_one_class(study: TrainedStudy) -> Iterator[Finding]:
    """Find variants of which some trials predict one class for 99 % of the images or more.

    Such seeds agree perfectly: their interval has no width, and looks the most certain of all.
    """
    confusion = study.results.confusion
    if confusion.empty:
        return
    counts = confusion.groupby(["trial", "predicted"], sort=False)["count"].sum()
    predicted = counts.unstack(fill_value=0)
    shares = predicted.max(axis=1) / predicted.sum(axis=1)
    answers = predicted.idxmax(axis=1)[shares >= _SHARE]
    affected = {
        name: [str(answers[trial]) for trial in trials["trial"] if trial in answers.index]
        for name, trials in study.by_variant
    }
    affected = {name: classes for name, classes in affected.items() if classes}
    if not affected:
        return
    seeds = {name: study.of_seeds(name, len(classes)) for name, classes in affected.items()}
    wholly = [name for name in affected if len(affected[name]) == study.seeds[name]]
    named = some(
        f"{name} ({listed(dict.fromkeys(classes), 'or')}, {seeds[name]})"
        for name, classes in affected.items()
    )
    yield Finding(
        kind="predicts one class",
        severity="error" if wholly else "warning",
        where=study.where(affected),
        message=f"Answers one class for nearly every test image: {named}. Such an accuracy is the "
        "share of that class, and not a measurement.",
        data={
            "variants": list(affected),
            "in_some_seeds": {n: k for n, k in seeds.items() if n not in wholly},
            "meaningless": study.contrasts_of(wholly),
        },
    )
