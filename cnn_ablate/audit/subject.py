"""The subject of an audit: a study with its plan, the sizes of its networks, and its images."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from cnn_ablate.audit.used_images import UsedImages, digest
from cnn_ablate.data import Images, split
from cnn_ablate.errors import UserError
from cnn_ablate.models import ModelOptions
from cnn_ablate.plan import plan
from cnn_ablate.schema import Plan, Settings, Size, Study, canonical
from cnn_ablate.settings import options_of, resolver


@dataclass(frozen=True)
class Network:
    """The settings of a network as text, and the images it takes; hashable."""

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
    """The settings of a training, the shape and classes of its images, and the images if here."""

    settings: Settings
    shape: tuple[int, int, int]
    classes: int
    images: Images | None = None

    @property
    def key(self) -> str:
        """Its settings as text; equal settings have equal keys."""
        return canonical(self.settings)

    @property
    def network(self) -> Network:
        """Its network."""
        return Network(canonical(self.settings["model"]), self.shape, self.classes)


@dataclass(frozen=True)
class Subject:
    """A study and what is known about it before training.

    `sizes` are by variant, `images` by the `canonical` text of their `data` section. Checks of
    images skip a section whose images are missing. `untrainable` has the reasons why variants
    cannot be trained, by the `canonical` text of their settings; other checks skip them.
    """

    study: Study
    plan: Plan
    sizes: Mapping[str, Size]
    images: Mapping[str, Images] = field(default_factory=dict)
    untrainable: Mapping[str, str] = field(default_factory=dict)

    def case(self, settings: Settings) -> Case | None:
        """Return the case of some settings.

        None if the shape of its images is unknown, or if they cannot be trained here.
        """
        if self.study.trainer or canonical(settings) in self.untrainable:
            return None
        if images := self.images.get(canonical(settings["data"])):
            return Case(settings, images.facts.shape, len(images.facts.classes), images)
        try:
            spec = options_of("data", settings["data"]).spec()
        except UserError:
            return None
        return Case(settings, spec.shape, len(spec.classes))

    @cached_property
    def cases(self) -> dict[str, Case]:
        """The cases of the study's variants, by name."""
        cases = {variant.name: self.case(variant.settings) for variant in self.plan.variants}
        return {name: case for name, case in cases.items() if case}

    @cached_property
    def used_images(self) -> list[UsedImages]:
        """Each distinct selection of images that the variants use, where they are here."""
        selected: dict[tuple[object, ...], UsedImages] = {}
        for case in self.cases.values():
            if case.images is not None:
                options = options_of("data", case.settings["data"])
                chosen = split(case.images, options, seed=self.study.seeds[0])
                indices = map(digest, (chosen.train, chosen.val, chosen.test))
                key = (case.images.facts.fingerprint, *indices)
                if key not in selected:
                    name = self.plan.data_name(case.images.facts)
                    selected[key] = UsedImages(name, case.images, chosen)
        return list(selected.values())

    @cached_property
    def names(self) -> dict[str, str]:
        """The names of the variants, by the text of their settings."""
        return {canonical(variant.settings): variant.name for variant in self.plan.variants}

    @cached_property
    def declared(self) -> "Subject":
        """The study as its file declares it, without the changes of a profile or command line."""
        if not self.study.before:
            return self
        resolve = resolver(self.study.trainer)
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
