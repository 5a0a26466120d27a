"""What an audit looks at: a study, its plan, and what is known of its networks and images."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from cnn_ablate.data import Images
from cnn_ablate.errors import UserError
from cnn_ablate.models import ModelOptions
from cnn_ablate.plan import plan
from cnn_ablate.schema import Plan, Settings, Size, Study, canonical
from cnn_ablate.settings import options_of, resolve


@dataclass(frozen=True)
class Net:
    """A network and the images it takes, apart from all training."""

    model: str
    shape: tuple[int, int, int]
    classes: int

    @property
    def options(self) -> ModelOptions:
        """The options that build it."""
        options: ModelOptions = options_of("model", json.loads(self.model))
        return options


@dataclass(frozen=True)
class Case:
    """The settings of a training, the form of its images, and perhaps these."""

    settings: Settings
    shape: tuple[int, int, int]
    classes: int
    images: Images | None = None

    @property
    def text(self) -> str:
        """All that tells its settings from others."""
        return canonical(self.settings)

    @property
    def net(self) -> Net:
        """Its network."""
        return Net(canonical(self.settings["model"]), self.shape, self.classes)


@dataclass(frozen=True)
class Subject:
    """A study, laid out.

    `sizes` are by variant, `images` by the `canonical` text of the `data` section that names them;
    without images, nothing is said of them.
    """

    study: Study
    plan: Plan
    sizes: Mapping[str, Size]
    images: Mapping[str, Images] = field(default_factory=dict)

    def case(self, settings: Settings) -> Case | None:
        """Give the case of some settings; None if the form of its images is not known."""
        if images := self.images.get(canonical(settings["data"])):
            return Case(settings, images.facts.shape, len(images.facts.classes), images)
        try:
            form = options_of("data", settings["data"]).form()
        except UserError:
            return None
        return Case(settings, form.shape, len(form.classes))

    @cached_property
    def cases(self) -> dict[str, Case]:
        """The cases of the study's variants, by name."""
        found = {variant.name: self.case(variant.settings) for variant in self.plan.variants}
        return {name: case for name, case in found.items() if case}

    @cached_property
    def names(self) -> dict[str, str]:
        """The names of the variants by their settings as text."""
        return {canonical(variant.settings): variant.name for variant in self.plan.variants}

    @cached_property
    def declared(self) -> "Subject":
        """The same study as its file has it, without what a profile or the command line set."""
        if not self.study.before:
            return self
        written = {section: dict(values) for section, values in self.study.written.items()}
        for dotted, value in self.study.before.items():
            section, _, key = dotted.partition(".")
            del written[section][key]
            if value is not None:
                written[section][key] = value
        study = self.study.model_copy(
            update={"written": written, "baseline": resolve(written), "forced": {}, "before": {}}
        )
        return Subject(study, plan(study, resolve), {}, self.images)
