"""Find variants that are trained for so few steps that little can be learned."""

from collections.abc import Iterator

from cnn_ablate.audit.phrases import variants
from cnn_ablate.audit.subject import Case, Subject
from cnn_ablate.data.split import split
from cnn_ablate.schema import Finding
from cnn_ablate.settings import options_of
from cnn_ablate.text import count_range

# Running averages of batch normalisation keep 0.9 of their value per step, and lag behind weights
# that still move fast: within so few steps, the check of results may find them unsettled.
_FEW = 200


def too_few_steps(subject: Subject) -> Iterator[Finding]:
    """Find variants that take few optimizer steps in all."""
    steps = {name: _steps(case) for name, case in subject.cases.items()}
    few = {name: n for name, n in steps.items() if n is not None and n < _FEW}
    if few:
        names = list(few)
        yield Finding(
            kind="few-steps",
            severity="warning",
            where=names[0],
            message=(
                f"{count_range(few.values(), 'optimizer step')} in all in {variants(names)}: "
                "networks learn little in so few, and statistics of batch normalisation do not "
                "settle. Use more epochs or images, or smaller batches (training.batch_size)."
            ),
            data={"steps": few},
        )


def _steps(case: Case) -> int | None:
    """Return the steps of a training; None if the number of its images is unknown."""
    training, data = case.settings["training"], case.settings["data"]
    options = options_of("data", data)
    if case.images is not None:
        images = len(split(case.images, options).train)
    elif options.sizes:
        kept = min(data["subset"] or options.sizes[0], options.sizes[0])
        images = kept - round(kept * data["val_fraction"])
    else:
        return None
    return int(training["epochs"] * -(-images // training["batch_size"]))
