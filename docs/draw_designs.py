"""Draw the pictures of the page on designs, from the designs themselves.

Run it as `python docs/draw_designs.py`; a test checks that the committed pictures are up to date.
"""

from collections.abc import Iterator
from pathlib import Path

from cnn_ablate.plan.designs import Point, design_points
from cnn_ablate.schema import Design, DesignKind, Entry, Factor, Level, Study

IMAGES = Path(__file__).parent / "images"
WIDTH, HEIGHT, RADIUS = 250, 210, 7
# How far each factor that is on shifts a corner of the cube, in pixels.
AXES = {"A": (110, 0), "B": (0, -110), "C": (55, -38)}
ORIGIN = (40, 172)
INK, FAINT, TRAINED = "#1b2a41", "#c5cbd3", "#d1495b"
LIST = (Entry(name="x", sets={"A": 1, "B": 1}), Entry(name="y", sets={"C": 1}, start="x"))


def study(first: str) -> Study:
    """Return a study of three factors with two levels, of which this one is first."""
    levels = [Level(label="off", sets={}), Level(label="on", sets={})]
    ordered = tuple(sorted(levels, key=lambda level: level.label != first))
    factors = tuple(Factor(name=name, levels=ordered) for name in AXES)
    return Study(name="cube", written={}, baseline={}, factors=factors)


def corner(point: Point) -> tuple[str, ...]:
    """Return the factors that are on."""
    on = {name for name, level in point.levels.items() if level.label == "on"}
    return tuple(name for name in AXES if name in on | set(point.extra or {}))


def position(corner: tuple[str, ...]) -> tuple[int, int]:
    """Return the position of a corner of the cube in pixels."""
    x, y = ORIGIN
    return x + sum(AXES[name][0] for name in corner), y + sum(AXES[name][1] for name in corner)


def edges() -> Iterator[str]:
    """Yield the edges of the cube and the names of its axes as SVG."""
    for name, (dx, dy) in AXES.items():
        others = [other for other in AXES if other != name]
        for start in [(), (others[0],), (others[1],), tuple(others)]:
            x, y = position(start)
            yield f'<path d="M{x} {y}l{dx} {dy}" stroke="{FAINT}"/>'
        x, y = ORIGIN
        side = 16 if name == "A" else -4
        yield f'<text x="{x + dx / 2 - 14}" y="{y + dy / 2 + side}" fill="{INK}">{name}</text>'


def arrow(reference: tuple[str, ...], variant: tuple[str, ...]) -> str:
    """Return a contrast as SVG: an arrow from the reference to the variant, between their dots."""
    (x1, y1), (x2, y2) = position(reference), position(variant)
    length = ((x2 - x1) ** 2 + (y2 - y1) ** 2) ** 0.5
    dx, dy = (x2 - x1) / length, (y2 - y1) / length
    near, far = RADIUS + 3, length - RADIUS - 5
    line = f"M{x1 + near * dx:.1f} {y1 + near * dy:.1f}L{x1 + far * dx:.1f} {y1 + far * dy:.1f}"
    return f'<path d="{line}" stroke="{INK}" stroke-width="2" marker-end="url(#head)"/>'


def draw(kind: DesignKind) -> str:
    """Return the SVG of a design: the corners of the cube that it trains and compares."""
    design = Design(kind=kind, entries=LIST)
    points = list(design_points(study("on" if kind == "leave_one_out" else "off"), design))
    pairs = [(corner(reference), corner(point)) for point, reference in points if reference]
    contrasts = sorted({pair for pair in pairs if pair[0] != pair[1]})
    trained = sorted({corner(p) for step in points for p in step if p})
    dots = [
        f'<circle cx="{x}" cy="{y}" r="{RADIUS}" fill="{TRAINED}"/>'
        for x, y in map(position, trained)
    ]
    head = (
        '<marker id="head" viewBox="0 0 8 8" refX="6" refY="4" markerWidth="5" markerHeight="5" '
        f'orient="auto"><path d="M0 0L8 4L0 8z" fill="{INK}"/></marker>'
    )
    title = f"{kind}: {len(trained)} variants, {len(contrasts)} contrasts"
    lines = [
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
            f'width="{WIDTH}" height="{HEIGHT}" font-family="sans-serif" font-size="14" '
            'fill="none" role="img">'
        ),
        f"<title>{title}</title>",
        f"<defs>{head}</defs>",
        '<rect width="100%" height="100%" fill="white"/>',
        *edges(),
        *(arrow(*pair) for pair in contrasts),
        *dots,
        "</svg>",
    ]
    return "\n".join(lines) + "\n"


def pictures() -> dict[Path, str]:
    """Return the pictures of all designs, by path."""
    kinds: tuple[DesignKind, ...] = (
        "one_at_a_time",
        "leave_one_out",
        "ladder",
        "factorial",
        "fractional",
        "list",
    )
    return {IMAGES / f"design-{kind}.svg": draw(kind) for kind in kinds}


if __name__ == "__main__":
    for path, text in pictures().items():
        path.write_text(text, encoding="utf-8")
