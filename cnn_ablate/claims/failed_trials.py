"""Trials that diverged or failed: no verdict rests on the mean of the others alone."""

from dataclasses import replace

import pandas as pd

from cnn_ablate.claims.draft_verdict import DraftVerdict
from cnn_ablate.plan import Weights
from cnn_ablate.text import listed


def failed_trials(trials: pd.DataFrame, weights: Weights) -> str:
    """Return how many trials of which variants failed: `4 of 8 trials of lr=1.0 diverged`.

    Of variants with unequal seeds those count that all of them have.
    """
    texts = []
    seeds = [set(trials.loc[trials["variant"] == name, "seed"]) for name in weights]
    shared = trials[trials["seed"].isin(set.intersection(*seeds))] if seeds else trials
    for name in weights:
        status = shared.loc[shared["variant"] == name, "status"]
        failed = status[status != "done"]
        if len(failed):
            how = listed(sorted(failed.unique()), "or")
            texts.append(f"{len(failed)} of {len(status)} trials of {name} {how}")
    return listed(texts)


def doubted(draft: DraftVerdict, doubt: str) -> DraftVerdict:
    """Return a verdict that is inconclusive because of a doubt, if there is any doubt."""
    return replace(draft, verdict="inconclusive", reason=doubt) if doubt else draft
