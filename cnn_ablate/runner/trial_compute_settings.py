"""The compute settings of each trial: those of the study, but for steps that cannot be compiled."""

from collections.abc import Iterator
from dataclasses import replace

import torch

from cnn_ablate.errors import UserError
from cnn_ablate.runner.autotune import choose_compute
from cnn_ablate.runner.compilation import compile_programs, eager_reasons, sources
from cnn_ablate.runner.config import RunConfig
from cnn_ablate.runner.jobs import Round
from cnn_ablate.runner.prepare import Prepared
from cnn_ablate.runner.run_record import processor
from cnn_ablate.schema import ComputeConfig
from cnn_ablate.text import capital
from cnn_ablate.train.aot import DEVICES
from cnn_ablate.train.compiler import compiler
from cnn_ablate.train.program_settings import program_text


def with_compute(prepared: Prepared, round_: Round, config: RunConfig) -> Round:
    """Return a round with the compute settings of its trials; their programs are compiled.

    With `auto`, a network whose step cannot be compiled is computed eagerly, and a note says why.

    Raises:
        UserError: there is no compiler, or with `--compute aot` a step cannot be compiled.
    """
    if not round_.trials:
        return round_
    compute = choose_compute(prepared, config)
    if compute.backend in DEVICES:
        return _as_programs(prepared, round_, config, compute)
    notes = (*_slow_precision(round_, compute), *_missing_compiler(config, compute))
    return replace(round_, compute={t.id: compute for t in round_.trials}, notes=notes)


def _slow_precision(round_: Round, compute: ComputeConfig) -> Iterator[str]:
    """Yield a sentence if trials are to compute in bfloat16 and the processor only emulates it."""
    if compute.device != "cpu" or compute.is_external:
        return
    used = {trial.settings["training"]["precision"] for trial in round_.trials}
    # torch has no public name, and without oneDNN none at all.
    has_bfloat16 = getattr(torch.ops.mkldnn, "_is_mkldnn_bf16_supported", lambda: True)
    if "bfloat16" in used and not has_bfloat16():
        what = "has no instructions for bfloat16, which takes longer here than float32."
        yield f"The processor ({processor()}) {what}"


def _missing_compiler(config: RunConfig, compute: ComputeConfig) -> Iterator[str]:
    if config.compute == "auto" and compute.device == "cpu" and not compute.is_external:
        try:
            compiler()
        except UserError as error:
            yield capital(error.what)


def _as_programs(
    prepared: Prepared, round_: Round, config: RunConfig, compute: ComputeConfig
) -> Round:
    """Compile the programs of a round; with `auto`, steps that cannot be one are eager."""
    needed = sources(prepared, round_.trials, config)
    if compute.backend == "aot":
        compiler()  # raises if there is none, before any process is started
        reasons = compile_programs(needed, compute, config.resources.local_workers())
    else:
        reasons = eager_reasons(needed, compute)
    notes = [*_slow_precision(round_, compute)]
    for source in needed:
        if reason := reasons.get(program_text(source.trial)):
            what = f"its training step cannot be one program: {reason}"
            if config.compute != "auto":
                raise UserError(f"variant {source.trial.variant}", what, "Use --compute eager.")
            notes.append(f"Variant {source.trial.variant} is computed eagerly, since {what}")
    eager = compute.model_copy(update={"backend": "eager"})
    settings = {t.id: eager if program_text(t) in reasons else compute for t in round_.trials}
    return replace(round_, compute=settings, notes=tuple(notes))
