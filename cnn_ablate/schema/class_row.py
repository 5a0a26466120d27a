"""The metrics of one class in one trial: a row of classes.csv."""

from pydantic import Field

from cnn_ablate.schema.values import Frozen


class ClassRow(Frozen):
    """Metrics of one class on the test images; None where there is nothing to take a share of."""

    class_name: str
    n: int
    correct: int
    accuracy: float | None = Field(description="None without test images of the class.")
    precision: float | None = Field(description="None if the class is never predicted.")
    recall: float | None
    f1: float | None

    @classmethod
    def of_counts(cls, name: str, correct: int, true: int, predicted: int) -> "ClassRow":
        """Compute recall, precision and F1 of a class from its counts of images.

        A class without test images has none of them. One that is never predicted has a recall and
        an F1 of 0, and no precision.
        """
        return cls(
            class_name=name,
            n=true,
            correct=correct,
            accuracy=_ratio(correct, true),
            recall=_ratio(correct, true),
            precision=_ratio(correct, predicted) if true else None,
            f1=_ratio(2 * correct, true + predicted) if true else None,
        )


def _ratio(part: int, whole: int) -> float | None:
    return part / whole if whole else None
