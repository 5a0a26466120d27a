"""Measure the time, memory and page size of the report of 60 invented trials."""

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1] / "tests"


def build(folder: Path) -> None:
    """Write the report in this process, and print the time and memory that took."""
    start = time.perf_counter()
    from cnn_ablate import analysis, report, store  # noqa: PLC0415 - importing is part of the work

    results = store.read(folder / "results", "made_up")
    page = report.write(analysis.analyse(results), folder / "reports")
    wall, spent = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_SELF)
    cpu, memory = spent.ru_utime + spent.ru_stime, spent.ru_maxrss / 1024
    size = page.stat().st_size / 1e6
    loaded = "with" if "torch" in sys.modules else "without"
    print(f"{wall:.1f} s, {cpu:.1f} s CPU, {memory:.0f} MB, page {size:.2f} MB, {loaded} torch")


def main() -> None:
    """Invent the results of a study, and write its report in a new process per round."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--images", type=int, default=10_000)
    parser.add_argument("--build", type=Path, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.build:
        build(args.build)
        return
    sys.path.insert(0, str(TESTS))
    from support import fake_study  # noqa: PLC0415 - found by the line above

    size = fake_study.FakeStudy(variants=15, seeds=4, images=args.images, epochs=30)
    for _ in range(args.rounds):
        with tempfile.TemporaryDirectory() as folder:
            fake_study.publish(Path(folder) / "results", size)
            subprocess.run([sys.executable, __file__, "--build", folder], check=True)


if __name__ == "__main__":
    main()
