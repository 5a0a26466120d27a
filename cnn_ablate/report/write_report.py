"""Write the files of a report: pages, figures and their data, each replaced as a whole."""

from dataclasses import replace
from pathlib import Path

from cnn_ablate.analysis import Analysis
from cnn_ablate.report import ablation_latex, figure_files, render_templates
from cnn_ablate.report.page_content import PageContent, page_content
from cnn_ablate.report.report_data import ReportData


def write(
    analysis: Analysis, reports_root: Path, *, latex: bool = False, pictures: bool = True
) -> Path:
    """Write the report of a study, with or without test images, and return the path of its page.

    Raises:
        UserError: the report cannot be written.
    """
    context = ReportData.of(analysis)
    if not pictures:
        results = replace(context.results, samples=None, training_images=None)
        context = replace(context, results=results)
    folder = reports_root / context.results.record.study.folder
    return write_pages(page_content(context), folder, latex=latex)


def write_pages(page: PageContent, folder: Path, *, latex: bool = False) -> Path:
    """Write pages and figures into a folder, and return the path of the HTML page."""
    figures = folder / "figures"
    figures.mkdir(parents=True, exist_ok=True)
    drawings = {figure.name: figure_files.draw(figure, figures) for figure in page.figures}
    figure_files.drop_stale(figures, drawings)
    figure_files.replace(folder / "report.md", render_templates.markdown(page).encode())
    if latex:
        figure_files.replace(
            folder / "report.tex",
            render_templates.latex(page, ablation_latex.latex(page.table)).encode(),
        )
    html_page = folder / "report.html"
    figure_files.replace(html_page, render_templates.html(page, drawings).encode())
    return html_page
