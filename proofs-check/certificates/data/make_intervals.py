#!/usr/bin/env python3
"""Writes intervals.json: exp, the Gaussian integral, Psi, Phi and their derivatives at 60 digits.

    python3 make_intervals.py          (needs mpmath 1.3)

Independent of the Rust code: derivatives of Psi are those of exp(1 - 1/u^2) by the chain rule of Faa di Bruno, derivatives
of Phi are Hermite polynomials. Arguments are bit patterns of doubles; beside 40 digits stand the largest double at most the
value and the smallest at least it, also as bit patterns.
"""

import json
import math
import struct
from pathlib import Path

from mpmath import e, erf, erfc, exp, factorial, inf, log, mp, mpf, nstr, pi, sqrt

mp.dps = 60


def bits(x):
    return struct.pack(">d", x).hex()


def brackets(value):
    """The doubles around a value."""
    if value == inf:
        return math.inf, math.inf
    near = float(value)  # correctly rounded, or inf
    if math.isinf(near):
        return (math.nextafter(math.inf, 0), math.inf)
    if mpf(near) == value:
        return near, near
    return (near, math.nextafter(near, math.inf)) if mpf(near) < value else (math.nextafter(near, -math.inf), near)


def psi_terms(x, order):
    """Summands of the derivative, by Faa di Bruno with g = 1 - u^-2, u = 2x - 1: exp(g) sum_k B_{n,k}(g', g'', ...)."""
    if x <= 0.5:
        return [mpf(0)]
    u = 2 * mpf(x) - 1
    g = [-(mpf(2) ** k) * (-1) ** k * factorial(k + 1) * u ** (-2 - k) for k in range(1, order + 1)]
    value = exp(1 - u**-2)
    if order == 0:
        return [value]
    return [partial_bell(order, k, g) * value for k in range(1, order + 1)]


def partial_bell(n, k, g):
    if n == 0 and k == 0:
        return mpf(1)
    if n == 0 or k == 0:
        return mpf(0)
    return sum(mp.binomial(n - 1, i - 1) * g[i - 1] * partial_bell(n - i, k - 1, g) for i in range(1, n - k + 2))


def integral_terms(x):
    """Up to 3 the half and the rest, which cancel for x < 0."""
    if abs(x) >= 3:
        return [sqrt(2 * pi) * erfc(-mpf(x) / sqrt(2)) / 2]
    return [sqrt(2 * pi) / 2, sqrt(2 * pi) * erf(mpf(x) / sqrt(2)) / 2]


def phi_terms(x, order):
    if order == 0:
        return [sqrt(e) * term for term in integral_terms(x)]
    x = mpf(x)
    # (-1)^k He_k(x) with He_0 = 1, He_1 = x, He_2 = x^2 - 1, He_3 = x^3 - 3x.
    hermite = [[1], [-x], [x * x, -1], [-(x**3), 3 * x]][order - 1]
    return [h * sqrt(e) * exp(-x * x / 2) for h in hermite]


def entry(x, terms):
    value = sum(terms, mpf(0))
    below, above = brackets(value)
    size = float(sum((abs(t) for t in terms), mpf(0)))
    return {"x": bits(x), "digits": nstr(value, 40), "below": bits(below), "above": bits(above), "size": min(size, 1.7e308)}


def integers(seed):
    state = seed
    while True:
        state = (1664525 * state + 1013904223) % 2**32
        yield (state >> 8) % 4095 - 2047


def arguments(scale, seed, count):
    source = integers(seed)
    return [next(source) / 2047 * scale * next(source) / 2047 for _ in range(count)]


def main():
    table = {"ln_2": [entry(0.0, [log(2)])], "pi": [entry(0.0, [pi])]}
    special = [0.0, 1.0, -1.0, 0.5, -0.5, 1e-300, -1e-17, 5e-324]
    # Odd multiples of ln(2)/2, where the reduction changes its step, underflow and overflow.
    steps = [(k + 0.5) * math.log(2) * s for k in (0, 1, 10, 500, 1000) for s in (1, -1)]
    edges = [-708.3, -708.5, -720.0, -744.4, -745.1, -745.2, -800.0, -1100.0, -1200.0, 709.7, 709.8, 1100.0, 1200.0]
    table["exp"] = [entry(x, [exp(mpf(x))]) for x in special + steps + edges + arguments(700, 1, 150)]
    # The handover at 3, both sides, the far tails.
    places = [3.0, -3.0, math.nextafter(3, 0), -math.nextafter(3, 0), 2.0, -2.0, 2.9, -2.9, 3.5, -3.5, 6.0, -6.0]
    far = [8.3, -8.3, 20.0, -20.0, 37.5, -37.5, -38.4, -38.6, 40.0, -40.0, 1e5, -1e5]
    table["gaussian_integral"] = [entry(x, integral_terms(x)) for x in special + places + far + arguments(8, 2, 150)]
    for order in range(5):
        points = special + places + far + [1.7320508075688772, 0.7419637843027259] + arguments(6, 3 + order, 120)
        table[f"phi_{order}"] = [entry(x, phi_terms(x, order)) for x in points]
        near = [0.5 + 10.0**-k for k in (1, 2, 3, 8, 15)] + [math.nextafter(0.5, 1), math.nextafter(0.5, 0)]
        # Around the smallest numbers, the extremes of Psi'' and Psi''', and far out.
        near += [0.5 + u / 2 for u in (0.0353, 0.0361, 0.0366, 0.037, 0.0375, 0.04, 0.06, 0.1, 0.2, 0.4)]
        near += [0.7604206, 0.7016193, 0.9042845, 1.5, 3.0, 10.0, 1e3, 1e9, 1e15, 1e300]
        near += [0.5 + abs(x) for x in arguments(2, 20 + order, 120)]
        table[f"psi_{order}"] = [entry(x, psi_terms(x, order)) for x in near]
    rows = (f'"{name}": [\n  ' + ",\n  ".join(map(json.dumps, entries)) + "\n]" for name, entries in table.items())
    Path(__file__).with_name("intervals.json").write_text("{\n" + ",\n".join(rows) + "\n}\n")
    print({name: len(entries) for name, entries in table.items()})


main()
