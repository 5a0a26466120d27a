"""Train trials that share a program together: each step trains the networks of all of them.

Each trial has its own history, checkpoints and end. One that diverges, stops early or fails leaves
the others as they are.
"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import torch

from cnn_ablate.schema import ComputeConfig, EpochRow, Trial, TrialResult, timestamp
from cnn_ablate.train.artifacts import dump_state, without_rest
from cnn_ablate.train.epoch import record_epoch
from cnn_ablate.train.evaluate import Outputs
from cnn_ablate.train.graph import GraphProgram, forget_programs, graph_program
from cnn_ablate.train.hooks import Hooks
from cnn_ablate.train.loop import TrialInput, build_trainer, configure_torch, is_over, result_of
from cnn_ablate.train.peak_memory import reset_peak_memory
from cnn_ablate.train.trainer import Trainer

# How the training of a trial ended.
Outcome = tuple[Trial, TrialResult | Exception]


@dataclass(frozen=True, eq=False)
class Member:
    """One of the trials, with what its training calls."""

    trainer: Trainer
    hooks: Hooks
    started: str

    @property
    def epoch(self) -> int:
        """The number of epochs that it has been trained for."""
        return len(self.trainer.history.epochs)

    def save_checkpoint(self) -> None:
        """Save a checkpoint if one is due."""
        if self.hooks.save_checkpoint and self.hooks.checkpoint_due():
            self.hooks.save_checkpoint(dump_state(without_rest(self.trainer.state_dict())))


def train_together(
    inputs: Sequence[TrialInput], compute: ComputeConfig, hooks: Sequence[Hooks]
) -> Iterator[Outcome]:
    """Train trials from their seeds, or from checkpoints, and yield the outcome of each at its end.

    Args:
        inputs: At most as many as the compute settings are wide, with the same program.
        compute: How to compute them.
        hooks: Those of each trial.

    Raises:
        Exception: a step failed, and with it all trials without an outcome so far.
    """
    configure_torch(compute, inputs[0].trial)
    reset_peak_memory(compute.device)
    members: list[Member] = []
    for one, calls in zip(inputs, hooks, strict=True):
        try:
            members.append(Member(build_trainer(one, compute), calls, timestamp()))
        except Exception as error:  # noqa: BLE001 - the trial fails alone
            yield one.trial, error
    if not members:
        return
    try:
        program = graph_program([member.trainer for member in members])
        while members:
            for member, outcome in _outcomes(members):
                program.stack.remove(member.trainer)
                members.remove(member)
                yield member.trainer.trial, outcome
            if members:
                _train_epoch(program, members)
    except Exception:
        forget_programs()
        raise


def _outcomes(members: Sequence[Member]) -> list[tuple[Member, TrialResult | Exception]]:
    """Return the results of the trials that are over."""
    over = [member for member in members if is_over(member.trainer)]
    return [(member, _outcome(member)) for member in over]


def _outcome(member: Member) -> TrialResult | Exception:
    try:
        return result_of(member.trainer, member.started)
    except torch.AcceleratorError:
        raise
    except Exception as error:  # noqa: BLE001 - the trial fails alone
        return error


def _train_epoch(program: GraphProgram, members: Sequence[Member]) -> None:
    """Train and evaluate all networks for one epoch, whose seconds they share in equal parts."""
    began = time.perf_counter()
    rates = {m.trainer: m.trainer.optimizer.param_groups[0]["lr"] for m in members}
    metrics = program.run_epoch(_progress_reporter(members, began))
    for member in members:
        member.trainer.average.after_epoch(member.trainer.model, member.epoch)
    losses = program.stack.tables.losses.cpu()
    outputs = _predict(program, members)
    seconds = (time.perf_counter() - began) / len(members)
    for member in members:
        trainer, own = member.trainer, losses[program.stack.rows[member.trainer]]
        columns = metrics[trainer].means(own) | trainer.evaluate_epoch(outputs[trainer])
        row = EpochRow(epoch=member.epoch + 1, lr=rates[trainer], seconds=seconds, **columns)
        record_epoch(trainer, row, own)
        member.save_checkpoint()


def _predict(
    program: GraphProgram, members: Sequence[Member]
) -> Mapping[Trainer, Mapping[str, Outputs]]:
    """Compute the logits of all networks for the images that their epoch is evaluated on."""
    first = members[0].trainer
    names = dict.fromkeys(name for member in members for name in member.trainer.evaluated_sets)
    found = {name: program.predict(first.image_set(name)) for name in names}
    return {m.trainer: {name: found[name][m.trainer] for name in names} for m in members}


def _progress_reporter(members: Sequence[Member], began: float) -> Callable[[int], None]:
    """Return a function that reports the progress of one trial after each step, in turn."""
    steps = members[0].trainer.loader.steps_per_epoch
    done = images = 0

    def report(batch_size: int) -> None:
        nonlocal done, images
        done, images = done + 1, images + batch_size
        member = members[done % len(members)]
        member.hooks.progress(member.epoch + done / steps, images / (time.perf_counter() - began))

    return report
