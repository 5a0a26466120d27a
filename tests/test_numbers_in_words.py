"""Numbers, intervals and lists in plain words."""

from cnn_ablate.schema import TEST_ACCURACY
from cnn_ablate.stats import amount, bounds
from cnn_ablate.text import listed, p_value, plain_number, with_article

NAN = float("nan")


def test_numbers_in_words():
    """Points have a decimal, or two below one; other numbers three digits."""
    assert ["2.1 points", "0.31 points", "1.0 point", "0.00 points"] == [
        amount(value, TEST_ACCURACY) for value in (2.14, 0.314, 1.0, -0.001)
    ]
    assert ["0.0312", "62,006"] == [plain_number(0.03123), plain_number(62006)]
    assert "" == bounds((NAN, NAN), TEST_ACCURACY)
    assert ["p = 0.25", "p < 0.001"] == [p_value(0.25), p_value(1e-9)]
    assert ["an exponential", "a step", "a one-cycle", "an AUROC"] == [
        with_article(name) for name in ("exponential", "step", "one-cycle", "AUROC")
    ]
    assert ["", "a", "a, b and c"] == [listed([]), listed("a"), listed("abc")]
