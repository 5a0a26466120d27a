"""The command `pack`: a study and all that belongs to it in a ZIP file, to publish or move."""

import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from shlex import quote
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

import typer

from cnn_ablate.analysis import analyse
from cnn_ablate.cli.edited_study_file import read_as_edited
from cnn_ablate.cli.json_output import print_json
from cnn_ablate.cli.json_values import PackedStudy
from cnn_ablate.cli.overwriting import write_output
from cnn_ablate.custom import user_code_folder, user_source_files
from cnn_ablate.errors import UserError
from cnn_ablate.external import find_inputs
from cnn_ablate.find_study import refuse_other_file, study_path
from cnn_ablate.report import write as write_report
from cnn_ablate.schema import Study
from cnn_ablate.store import NETWORK, Results
from cnn_ablate.study import Changes, read_study
from cnn_ablate.temporary_folder import temporary_folder
from cnn_ablate.text import count

# Of the machine that ran it, and of no use elsewhere.
_LEFT_OUT = {"progress.json"}
_README = """\
# {title}

Packed by `cnn-ablate pack`: study file, own modules, results of {trials}, report.

    cnn-ablate run {file}        goes on with it: what is done is not trained again
    cnn-ablate report {file}     writes the report again

Data sets are not in this file: `run` needs them where the study file names them, `report` does not.
Needed: {data}.
"""


@dataclass(frozen=True)
class PackOptions:
    """The file to write, whether with networks, and how to say so."""

    output: Path
    networks: bool = False
    force: bool = False
    as_json: bool = False


def pack_study(word: str, profile: str, results: Path, options: PackOptions) -> None:
    """Write a study with its results into a ZIP file, the same bytes for the same study.

    Raises:
        UserError: The study was not run, a trial of it is damaged, a file is a link, or the ZIP
            file cannot be written.
    """
    path = study_path(word)
    study = read_study(path, Changes(profile))
    folder = results / study.folder
    written, edits = read_as_edited(word, folder)
    refuse_other_file(path, written.record.study.source, folder)
    name = _name_inside(path)
    files = {
        name: _read(path),
        **_own_code(study, path, Path(name).parent),
        **{f"results/{study.folder}/{file.name}": _read(file) for file in _tables(folder)},
        **dict(_trials(written, networks=options.networks)),
        **dict(_report(written)),
    }
    trials = len(written.trials) - len(written.written.rows)
    files["README.md"] = _readme(written, name, trials).encode()
    payload = _zipped(files)
    write_output(options.output, payload, lambda content: content[:2], force=options.force)
    if edits:
        typer.echo(edits.remark("report"), err=True)
    if options.as_json:
        packed = PackedStudy(file=str(options.output), files=tuple(sorted(files)), trials=trials)
        print_json(packed)
        return
    size = f"{len(payload) / 1e6:.1f} MB"
    typer.echo(f"Packed: {options.output} ({count(len(files), 'file')}, {size})")
    if without := len(written.written.rows):
        typer.echo(f"{count(without, 'trial')} of it: only the rows in tables are here.", err=True)


def _name_inside(path: Path) -> str:
    """Return the path of a study file in the ZIP file: as it is below the current folder."""
    try:
        return path.resolve().relative_to(Path.cwd().resolve()).as_posix()
    except ValueError:
        return path.name


def _own_code(study: Study, path: Path, inside: Path) -> dict[str, bytes]:
    """Return the user's modules that a study uses, and the input files of its trainer."""
    with user_code_folder(path.parent):
        files = user_source_files()
    if study.trainer:
        files |= find_inputs(study.trainer, path).contents()
    return {(inside / name).as_posix(): payload for name, payload in files.items()}


def _tables(folder: Path) -> Iterator[Path]:
    yield from (p for p in sorted(folder.iterdir()) if p.is_file() and p.name not in _LEFT_OUT)


def _trials(written: Results, *, networks: bool) -> Iterator[tuple[str, bytes]]:
    """Yield the files of the trials that are here; each must match its checksum."""
    for trial in written.record.plan.trials:
        opened = written.store.open(trial)
        if opened is None:
            continue
        for file in sorted(opened.path.iterdir()):
            if networks or file.name != NETWORK:
                is_sealed = file.name in (opened.checksums or {})
                payload = opened.read(file.name) if is_sealed else _read(file)
                yield f"results/trials/{opened.path.name}/{file.name}", payload


def _report(written: Results) -> Iterator[tuple[str, bytes]]:
    """Yield the files of the report, written anew from these results."""
    with temporary_folder() as scratch:
        folder = write_report(analyse(written), scratch).parent
        for file in sorted(folder.rglob("*")):
            if file.is_file():
                yield f"reports/{file.relative_to(scratch).as_posix()}", file.read_bytes()


def _readme(written: Results, name: str, trials: int) -> str:
    study, plan = written.record.study, written.record.plan
    data = (f"{plan.data_name(d)} (SHA-256 {d.fingerprint[:12]})" for d in written.record.data)
    profile = f" --profile {study.profile}" if study.profile else ""
    return _README.format(
        title=study.title or study.name,
        trials=count(trials, "trial"),
        file=f"{quote(name)}{profile}",
        data=", ".join(data) or "none",
    )


def _read(path: Path) -> bytes:
    if path.is_symlink():
        raise UserError(str(path), "is a link, which is not followed.", "Copy its file.")
    try:
        return path.read_bytes()
    except OSError as error:
        raise UserError(str(path), f"cannot be read: {error.strerror}.") from None


def _zipped(files: dict[str, bytes]) -> bytes:
    """Return files as a ZIP file without times, owners or the order of a folder."""
    buffer = io.BytesIO()
    with ZipFile(buffer, "w", ZIP_DEFLATED, compresslevel=6) as archive:
        for name, payload in sorted(files.items()):
            info = ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            info.create_system, info.external_attr = 3, 0o644 << 16
            info.compress_type = ZIP_DEFLATED
            archive.writestr(info, payload)
    return buffer.getvalue()
