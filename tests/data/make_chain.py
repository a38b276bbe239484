#!/usr/bin/env python3
"""Writes chain.json: the chain function F_T, its gradient and its Hessian's action at 50 digits.

    python3 make_chain.py          (needs mpmath 1.3)

Independent of the Rust code: Psi, Phi and their derivatives are written from their definitions, and F_T is differentiated
term by term, T(a, b) = Psi(-a) Phi(-b) - Psi(a) Phi(b). Points and directions are bit patterns of doubles. Results are
decimal, rounded to the nearest double. Beside sums in which terms may cancel stands the sum of their absolute values.
"""

import json
import math
import struct
from pathlib import Path

from mpmath import mp, mpf, exp, sqrt, erfc, pi, e

mp.dps = 50

WHOLE = sqrt(2 * pi * e)  # Phi(inf)


def psi(x, order):
    """The derivative of Psi of this order, 0 to 2. exp(1 - u^-2), u = 2x - 1, by the chain rule in u: du/dx = 2."""
    return sum(psi_summands(x, order), mpf(0))


def psi_summands(x, order):
    """The same before the two terms of the second derivative, of different sign, are added."""
    if x <= 0.5:
        return [mpf(0)]
    if math.isinf(x):
        return [[e, mpf(0), mpf(0)][order]]
    u = 2 * mpf(x) - 1
    value = exp(1 - u**-2)
    first = 2 * u**-3  # of 1 - u^-2
    second = -6 * u**-4
    return [[value], [2 * first * value], [4 * second * value, 4 * first**2 * value]][order]


def phi(x, order):
    """The derivative of Phi of this order, 0 to 2."""
    if abs(x) > 1e6:  # far beyond every double
        return [WHOLE if x > 0 else mpf(0), mpf(0), mpf(0)][order]
    x = mpf(x)
    bell = sqrt(e) * exp(-x * x / 2)
    return [WHOLE * erfc(-x / sqrt(2)) / 2, bell, -x * bell][order]


def term(a, b, i, j):
    """d^i/da^i d^j/db^j of T(a, b), one of whose two parts is zero."""
    left = (-1) ** (i + j) * psi(-a, i) * phi(-b, j)
    right = psi(a, i) * phi(b, j)
    return left - right


def parts(x, z):
    """Lists of summands: of F_T, of each entry of the gradient, and of each entry of the Hessian's action."""
    T = len(x)
    value, gradient, action = [], [[] for _ in x], [[] for _ in x]
    value.append(-phi(x[0], 0))  # Psi(1) = 1
    gradient[0].append(-phi(x[0], 1))
    action[0].append(-phi(x[0], 2) * mpf(z[0]))
    for k in range(1, T):
        a, b = x[k - 1], x[k]
        value.append(term(a, b, 0, 0))
        gradient[k - 1].append(term(a, b, 1, 0))
        gradient[k].append(term(a, b, 0, 1))
        side = -1 if a < 0 else 1
        bends = [-side * bend * phi(side * b, 0) for bend in psi_summands(abs(a), 2)]
        assert mp.almosteq(sum(bends), term(a, b, 2, 0), abs_eps=mpf(10) ** -40)
        action[k - 1] += [bend * mpf(z[k - 1]) for bend in bends] + [term(a, b, 1, 1) * mpf(z[k])]
        action[k] += [term(a, b, 1, 1) * mpf(z[k - 1]), term(a, b, 0, 2) * mpf(z[k])]
    return value, gradient, action


def integers(seed):
    """Integers from -2047 to 2047 by a linear congruential generator (the constants of Numerical Recipes)."""
    state = seed
    while True:
        state = (1664525 * state + 1013904223) % 2**32
        yield (state >> 8) % 4095 - 2047


def awkward():
    numbers = [0.0, -0.0, 0.25, -0.25, 0.5, -0.5, 1.0, -1.0]
    for k in [3, 4, 6, 8, 11, 14, 15, 16]:
        numbers += [s * (0.5 + t * 10.0**-k) for s in (1, -1) for t in (1, -1)]
    for k in (1, 2):  # the neighbours of 1/2
        numbers += [s * (0.5 + t * k * 2.0**-53 * (2 if t > 0 else 1)) for s in (1, -1) for t in (1, -1)]
    # Psi is subnormal for u = 2x - 1 from 0.0366 to 0.0376 and zero below, where Psi' and Psi'' live on for a while.
    numbers += [s * (1 + u) / 2 for s in (1, -1) for u in (0.03536, 0.0355, 0.0361, 0.0363, 0.0366, 0.03665, 0.037, 0.0375, 0.04, 0.06)]
    for x in (0.7604206, 0.9042845, 8.5, 27.0, 37.5, 38.6, 1e3, 1e300, math.inf):
        numbers += [x, -x]
    return numbers


def points():
    source = integers(1)
    draw = lambda: next(source) / 1024
    for T in (1, 2, 5):
        for _ in range(12):
            yield f"random, T = {T}", [draw() for _ in range(T)]
        for _ in range(6):
            yield f"large, T = {T}", [4 * draw() for _ in range(T)]
    numbers = awkward()
    for number in numbers:
        yield "awkward, T = 1", [number]
        yield "awkward first of 2", [number, draw()]
        yield "awkward last of 2", [0.75 * math.copysign(1 + abs(draw()), draw()), number]
        yield "awkward in the middle of 5", [1.5, -1.25, number, draw(), draw()]
    for k in range(150):
        yield "awkward everywhere", [numbers[next(source) % len(numbers)] for _ in range(5)]


def bits(x):
    return struct.pack(">d", x).hex()


def nearest(x):
    return float(x)


def total(summands):
    return nearest(sum(summands, mpf(0)))


def size(summands):
    return nearest(sum((abs(s) for s in summands), mpf(0)))


def main():
    source = integers(2)
    cases = []
    for name, x in points():
        z = [next(source) / 1024 for _ in x]
        value, gradient, action = parts(x, z)
        cases.append(
            {
                "name": name,
                "x": [bits(t) for t in x],
                "z": [bits(t) for t in z],
                "value": total(value),
                "value_size": size(value),
                "gradient": [total(g) for g in gradient],
                "action": [total(a) for a in action],
                "action_size": [size(a) for a in action],
            }
        )
    constants = {
        "gap_per_coordinate": nearest(e * WHOLE),
        "gap_of_one": nearest(WHOLE / 2),
        "frontier_entry": nearest(exp(mpf(3) / 2)),
    }
    lines = ",\n".join("  " + json.dumps(case) for case in cases)
    text = f'{{"constants": {json.dumps(constants)},\n"cases": [\n{lines}\n]}}\n'
    Path(__file__).with_name("chain.json").write_text(text)
    print(len(cases), "cases")


main()
