"""
Exact discrete Laplace noise: whole numbers in, whole numbers out, no floating point.

    P(z) is proportional to exp(-|z| / scale)

A count to which it is added is ``sensitivity / scale``-differentially private. Floating-point
noise is not: its gaps betray the count (Mironov 2012), so all of this is rational arithmetic.

Source: Canonne, Kamath, Steinke, "The Discrete Gaussian for Differential Privacy" (2020),
algorithms 1 and 2. Randomness is the operating system's (``secrets``).
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from secrets import randbelow

Below = Callable[[int], int]
"""A uniform whole number from 0, below the argument."""


def discrete_laplace(scale: Fraction, below: Below = randbelow) -> int:
    """
    One draw. ``scale`` is positive; its expected size is about ``scale``.

    Raises:
        ValueError: the scale is not positive.
    """
    if scale <= 0:
        raise ValueError("noise has a positive scale")
    whole, part = scale.numerator, scale.denominator
    while True:
        rest = below(whole)
        if not _happens_exp(Fraction(rest, whole), below):
            continue
        times = 0
        while _happens_exp(Fraction(1), below):
            times += 1
        size = (rest + whole * times) // part
        negative = below(2) == 1
        if negative and size == 0:
            continue  # or 0 would come twice as often
        return -size if negative else size


def _happens_exp(exponent: Fraction, below: Below) -> bool:
    """Whether something happens that has the probability exp(-exponent), from 0 to 1."""
    turns = 1
    while below(exponent.denominator * turns) < exponent.numerator:
        turns += 1
    return turns % 2 == 1
