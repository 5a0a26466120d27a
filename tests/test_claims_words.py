"""The words in which claims and verdicts are told."""

from pathlib import Path
from typing import get_args

import cnn_ablate
from cnn_ablate.schema import Verdict, Word

PACKAGE = Path(cnn_ablate.__file__).parent


def test_the_words_of_verdicts_stand_in_one_place():
    """All that judges, counts or shows verdicts takes their words, and their order, from there."""
    words = [f'"{word}"' for word in get_args(Word)]
    texts = {path: path.read_text(encoding="utf-8") for path in PACKAGE.rglob("*.py")}
    listing = [path for path, text in texts.items() if all(word in text for word in words)]

    assert [PACKAGE / "schema" / "result.py"] == listing
    assert Word == Verdict.model_fields["verdict"].annotation
