"""Numbers of claims as they were printed."""

from decimal import Decimal

from cnn_ablate.schema import Claim


def digits(claim: Claim) -> int:
    """Give the decimals that a number was printed with; below zero where it closes with zeros."""
    if claim.decimals is not None:
        return claim.decimals
    return -int(Decimal(repr(claim.value)).normalize().as_tuple().exponent)


def rounding(claim: Claim) -> float:
    """Give half a unit of the last digit printed."""
    return float(0.5 * 10.0 ** -digits(claim))
