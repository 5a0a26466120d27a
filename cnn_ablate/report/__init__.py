"""A study's results to pages that people want to read; it never trains and needs no torch."""

from cnn_ablate.report.render import render, write
from cnn_ablate.report.summary import Summary, summarise

__all__ = ["Summary", "render", "summarise", "write"]
