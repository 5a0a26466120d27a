"""Write runs.csv: what a sweep of somebody's own left behind."""

import csv
import random
from pathlib import Path

ACCURACY = {("batch", "true"): 0.91, ("batch", "false"): 0.89, ("none", "true"): 0.86}


def make(path: Path) -> None:
    """Write three variants with six seeds each."""
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["norm", "se", "seed", "test_accuracy", "minutes"])
        for (norm, se), mean in ACCURACY.items():
            for seed in range(6):
                noise = random.Random(f"{norm}{se}{seed}").gauss(0, 0.005)  # noqa: S311
                rows.writerow([norm, se, seed, round(mean + noise, 4), 12])


if __name__ == "__main__":
    make(Path(__file__).with_name("runs.csv"))
