"""The contrasts that change several settings at once, as everything in a report counts them."""

from cnn_ablate.schema import Record


def joint_changes(record: Record) -> list[str]:
    """Return the variants whose contrast changes several settings, each once.

    The audit names them, and leaves out what follows from another change. Without an audit they are
    those of the plan but for fractions, which change several factors by design; a key that only one
    side has is an option of a part that the other lacks.
    """
    if record.audited or record.findings:
        return [finding.where for finding in record.findings if finding.kind == "moved-together"]
    moved = (
        contrast.variant
        for contrast in record.plan.contrasts
        if contrast.design != "fractional"
        and sum(None not in sides for sides in contrast.changed.values()) > 1
    )
    return list(dict.fromkeys(moved))
