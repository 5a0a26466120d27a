"""The compute settings of each trial: those of the study, but for steps that cannot be compiled."""

from dataclasses import replace

from cnn_ablate.errors import UserError
from cnn_ablate.runner.autotune import choose_compute
from cnn_ablate.runner.compilation import compile_programs, eager_reasons, sources
from cnn_ablate.runner.config import RunConfig
from cnn_ablate.runner.jobs import Round
from cnn_ablate.runner.prepare import Prepared
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
    compiles = config.compute == "auto" and compute.device == "cpu" and not compute.is_external
    notes = _missing_compiler() if compiles else ()
    return replace(round_, compute={t.id: compute for t in round_.trials}, notes=notes)


def _missing_compiler() -> tuple[str, ...]:
    try:
        compiler()
    except UserError as error:
        return (capital(error.what),)
    return ()


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
    notes = []
    for source in needed:
        if reason := reasons.get(program_text(source.trial)):
            what = f"its training step cannot be one program: {reason}"
            if config.compute != "auto":
                raise UserError(f"variant {source.trial.variant}", what, "Use --compute eager.")
            notes.append(f"Variant {source.trial.variant} is computed eagerly, since {what}")
    eager = compute.model_copy(update={"backend": "eager"})
    settings = {t.id: eager if program_text(t) in reasons else compute for t in round_.trials}
    return replace(round_, compute=settings, notes=tuple(notes))
