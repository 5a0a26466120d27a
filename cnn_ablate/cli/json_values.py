"""What commands print with `--json`: one class per command, from which the schema is made."""

from typing import Any

from pydantic import Field, TypeAdapter

from cnn_ablate.cli.run_events import ErrorEvent, RunEvent
from cnn_ablate.schema import Effect, Finding, Frozen, LayerSize, PowerAnalysis, RunningTrial


class Knob(Frozen):
    """An option of an entry; `default` is null if it is required."""

    name: str
    default: str | None
    about: str


class TableEntry(Frozen):
    """An entry of a table."""

    name: str
    about: str = ""
    knobs: tuple[Knob, ...] = ()


class ListedTable(Frozen):
    """`list`: the entries of a table, or the tables if none was named."""

    table: str
    entries: tuple[TableEntry, ...]


class PilotContrast(Frozen):
    """What a pilot says of a contrast, in the unit of differences of the metric."""

    variant: str
    reference: str
    seen: int = Field(description="Pairs of the pilot.")
    sd: float = Field(description="Standard deviation of their differences.")
    half_width: float = Field(description="Expected half-width with the planned seeds.")
    smallest_effect: float = Field(description="What they find with 80 % power.")
    seeds_needed: int | None = Field(
        description="To find the margin; null without one, or beyond 1,000 seeds."
    )


class PlannedStudy(Frozen):
    """`plan`: the variants of a study, and what its seeds and test images can show."""

    study: str
    variants: tuple[dict[str, Any], ...] = Field(
        description="Changes, reference, size, seeds and trials per variant, and those done; steps "
        "and trials done are null where the data are not known."
    )
    power_analysis: PowerAnalysis = Field(
        description="What the seeds and the test images can show."
    )
    pilot: tuple[PilotContrast, ...] = Field(description="Spread per contrast, with `--from`.")


class ExplainedVariant(Frozen):
    """`explain`: a variant, what it changes, and its network, or the user's command for it.

    The first layer is the whole network; `dead` has the parameters that no gradient reaches.
    """

    variant: str
    settings: dict[str, Any]
    references: dict[str, dict[str, tuple[Any, Any]]] = Field(
        description="By reference and dotted key: the value there, and that of the variant."
    )
    layers: tuple[LayerSize, ...] = ()
    dead: dict[str, int] = Field({}, description="By layer.")
    command: tuple[str, ...] = ()


class ImportedResults(Frozen):
    """`import`: where results and report are, what was imported, and what the checks found."""

    results: str
    report: str
    notes: tuple[str, ...]
    findings: tuple[Finding, ...]


class PackedStudy(Frozen):
    """`pack`: the ZIP file, the names in it, and the number of trials."""

    file: str
    files: tuple[str, ...]
    trials: int


class Predictions(Frozen):
    """`predict`: the CSV file, and how many images and networks it is from.

    `missing_networks` are of trials that are done, but without their networks, as packs have them.
    """

    file: str
    images: int
    skipped: int
    networks: int
    missing_networks: int


class StudyStatus(Frozen):
    """`status`: trials of the study as its file is now, and the last run of it.

    Of the trials `to_come`, the run that is going on trains those `waiting`; `--only` leaves others
    out. `seconds_left` is null if it cannot be estimated; `findings` are those of the checks in
    that run; `edits` are those of the file since then, without title, paper and claims:
    `as_in_file` has those, which `report` and `export` take from the file; `changed` the input
    files of an external trainer, or the modules, that changed; `changed_data` the data sets whose
    files changed, which is not looked for during a run; `damaged` has a sentence per trial whose
    folder is not as it was written.
    """

    study: str
    trials: int
    done: int
    failed: dict[str, str]
    damaged: dict[str, str]
    under_way: dict[str, RunningTrial]
    waiting: int
    to_come: int
    state: str
    seconds_left: float | None
    look: str
    findings: list[dict[str, str]]
    edits: list[str]
    as_in_file: list[str]
    changed: str
    changed_data: list[str]


class WrittenReport(Frozen):
    """`report`: the page, and the file for LaTeX; edits of the study file shown, and not shown."""

    report: str
    latex: str | None = None
    as_in_file: tuple[str, ...] = ()
    not_shown: tuple[str, ...] = ()


class WrittenTable(Frozen):
    """`export`: the table, the file, and the number of rows."""

    table: str
    file: str
    rows: int


class WrittenStudy(Frozen):
    """`init`: the study file, and what a draft from results leaves to decide."""

    study: str
    notes: tuple[str, ...] = ()


class ComparedEffects(Frozen):
    """The effects of one contrast in two studies, in points, and their difference."""

    variant: str
    reference: str
    first: Effect | None
    second: Effect | None
    difference: float | None
    low: float | None
    high: float | None
    verdict: str


class Comparison(Frozen):
    """`compare`: contrast by contrast, and what else differs."""

    contrasts: tuple[ComparedEffects, ...]
    remarks: tuple[str, ...]


class UnneededFile(Frozen):
    """A file or folder that no study needs, with its size in bytes."""

    kind: str
    path: str
    size: int


class UnneededFiles(Frozen):
    """`clean`: what no study needs, and whether it was removed."""

    files: tuple[UnneededFile, ...]
    removed: bool


class FoundProblem(Frozen):
    """Something that is wrong in a results folder."""

    kind: str
    path: str
    what: str


class CheckedResults(Frozen):
    """`doctor`: what is wrong in a results folder; with `--mend`, before it was mended."""

    trials: int
    problems: tuple[FoundProblem, ...]


class FoundDataSet(Frozen):
    """`data`: a data set, and whether it is here."""

    name: str
    is_here: bool
    about: str


# What each command prints, and any of them on an error; a run prints one event per line.
PRINTED: dict[str, Any] = {
    "audit": list[Finding],
    "clean": UnneededFiles,
    "compare": Comparison,
    "data fetch": FoundDataSet,
    "data list": list[FoundDataSet],
    "data verify": FoundDataSet,
    "doctor": CheckedResults,
    "error": ErrorEvent,
    "explain": ExplainedVariant,
    "export": WrittenTable,
    "import": ImportedResults,
    "init": WrittenStudy,
    "list": ListedTable,
    "pack": PackedStudy,
    "plan": PlannedStudy,
    "predict": Predictions,
    "report": WrittenReport,
    "run": RunEvent,
    "status": StudyStatus,
}


def printed_schema() -> dict[str, Any]:
    """Return one JSON Schema with a property per command, and one for errors."""
    adapters = {name: TypeAdapter[Any](kind) for name, kind in PRINTED.items()}
    inputs = [(name, "serialization", adapter) for name, adapter in adapters.items()]
    schemas, shared = TypeAdapter.json_schemas(inputs)  # type: ignore[arg-type]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "What the commands of cnn-ablate print with --json",
        "properties": {str(name): schema for (name, _), schema in schemas.items()},
        **shared,
    }
