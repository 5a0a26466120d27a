"""Reports of a study as HTML, Markdown and LaTeX, from its analysis; needs no torch."""

from cnn_ablate.report.write_report import write

__all__ = ["write"]
