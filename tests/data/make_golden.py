#!/usr/bin/env python3
"""Writes final iterates into golden.json: Scion and its relatives in the spectral norm at 50 digits.

    python3 make_golden.py          (needs mpmath 1.3)

Independent of the Rust code: the methods, the quadratic and the polar factor are written here from their definitions.
Only the noise is read: golden.json holds it as the Rust stream drew it (bit patterns of doubles in hexadecimal, matrix
by matrix, column by column), and a Rust test compares the two. The script prints how badly each path is conditioned.
"""

import json
import struct
from pathlib import Path

from mpmath import ceil, matrix, mp, mpf, norm, inf, nstr, svd_r

mp.dps = 50

LEFT = matrix([[2, 0.5], [0.5, 1]])
RIGHT = matrix([[1, 0.25, 0], [0.25, 2, 0.5], [0, 0.5, 1.5]])
MINIMISER = matrix([[1, -0.5, 0.25], [0.75, 2, -1]])
START = matrix([[0, 1, 0.5], [-0.25, 0, 1]])
STEP_SIZE, ALPHA = mpf("0.125"), mpf("0.25")
STEPS = 20


def number(bits):
    return mpf(struct.unpack(">d", bytes.fromhex(bits))[0])


def gradient(x):
    return LEFT * (x - MINIMISER) * RIGHT


def polar_factor(m):
    """U V^T, and the smaller singular value."""
    u, s, v = svd_r(m)
    return u * v, s[len(s) - 1]


def mean(matrices):
    return sum(matrices[1:], matrices[0]) / len(matrices)


def averages(start, draws):
    """The momentum of an exponential average as a function of t, the point and the last momentum."""
    batch = [next(draws) for _ in range(int(ceil(1 / ALPHA)))] if start == "batch" else None

    def momentum(t, point, last):
        if t == 0 and start == "batch":
            return gradient(point) + mean(batch)
        g = gradient(point) + next(draws)
        if t == 0:
            return ALPHA * g if start == "zero" else g
        return (1 - ALPHA) * last + ALPHA * g

    return momentum


def scion(noise, start, transported):
    draws = iter(noise)
    momentum = averages(start, draws)
    previous, x, m, least = START, START, None, mpf("inf")
    for t in range(STEPS):
        ahead = (1 - ALPHA) / ALPHA * (x - previous) if transported else 0 * x
        m = momentum(t, x + ahead, m)
        direction, smallest = polar_factor(m)
        least = min(least, smallest)
        previous, x = x, x - STEP_SIZE * direction
    return x, least


def storm(noise):
    draws = iter(noise)
    previous, x, m, least = START, START, None, mpf("inf")
    for t in range(STEPS):
        if t == 0:
            m = gradient(x) + mean([next(draws) for _ in range(int(ceil(1 / ALPHA)))])
        else:
            n = next(draws)
            m = gradient(x) + n + (1 - ALPHA) * (m - gradient(previous) - n)
        direction, smallest = polar_factor(m)
        least = min(least, smallest)
        previous, x = x, x - STEP_SIZE * direction
    return x, least


METHODS = {
    "scion": lambda noise: scion(noise, "gradient", False),
    "scion from zero": lambda noise: scion(noise, "zero", False),
    "scion from a batch": lambda noise: scion(noise, "batch", False),
    "transported-scion": lambda noise: scion(noise, "gradient", True),
    "transported-scion from a batch": lambda noise: scion(noise, "batch", True),
    "storm-scion": storm,
}


def main():
    path = Path(__file__).with_name("golden.json")
    golden = json.loads(path.read_text())
    bits = golden["noise"]
    draws = [bits[k : k + 6] for k in range(0, len(bits), 6)]
    noise = [matrix(2, 3) for _ in draws]
    for n, draw in zip(noise, draws):
        for k, b in enumerate(draw):
            n[k % 2, k // 2] = number(b)
    golden["final_iterates"] = {}
    for name, run in METHODS.items():
        x, least = run(noise)
        golden["final_iterates"][name] = [float(x[i, j]) for j in range(3) for i in range(2)]
        # What an error of 1e-20 in the first gradient becomes.
        moved = [n.copy() for n in noise]
        moved[0][0, 0] += mpf("1e-20")
        y, _ = run(moved)
        print(name)
        print("  smallest singular value of a momentum:", nstr(least, 5))
        print("  amplification of an early error:", nstr(norm(y - x, inf) / mpf("1e-20"), 5))
    path.write_text(json.dumps(golden, indent=1) + "\n")


if __name__ == "__main__":
    main()
