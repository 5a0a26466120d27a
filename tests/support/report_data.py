"""What a report is made from, straight from the results of a fake study."""

from cnn_ablate.analysis import analyse
from cnn_ablate.report.page_content import PageContent, page_content
from cnn_ablate.report.report_data import ReportData
from cnn_ablate.store import Results


def context_of(results: Results) -> ReportData:
    """Return the context of the report of some results."""
    return ReportData.of(analyse(results))


def content_of(results: Results) -> PageContent:
    """Return the content of the report of some results."""
    return page_content(context_of(results))
