#!/usr/bin/env python3
"""Writes the final iterate into golden.json: Transported Scion in the spectral norm at 50 digits.

    python3 make_golden.py          (needs mpmath 1.3)

Independent of the Rust code: the method, the quadratic and the polar factor are written here from their definitions.
Only the noise is read: golden.json holds it as the Rust stream drew it (bit patterns of doubles in hexadecimal, matrix
by matrix, column by column), and a Rust test compares the two. The script prints how badly the path is conditioned.
"""

import json
import struct
from pathlib import Path

from mpmath import mp, mpf, matrix, svd_r

mp.dps = 50

LEFT = matrix([[2, 0.5], [0.5, 1]])
RIGHT = matrix([[1, 0.25, 0], [0.25, 2, 0.5], [0, 0.5, 1.5]])
MINIMISER = matrix([[1, -0.5, 0.25], [0.75, 2, -1]])
START = matrix([[0, 1, 0.5], [-0.25, 0, 1]])
STEP_SIZE, AVERAGING = mpf("0.125"), mpf("0.25")


def number(bits):
    return mpf(struct.unpack(">d", bytes.fromhex(bits))[0])


def gradient(x):
    return LEFT * (x - MINIMISER) * RIGHT


def polar_factor(m):
    """U V^T, and the smaller singular value."""
    u, s, v = svd_r(m)
    return u * v, s[len(s) - 1]


def run(noise):
    previous, x, momentum = START, START, None
    least = mpf("inf")
    for n in noise:
        y = x + (1 - AVERAGING) / AVERAGING * (x - previous)
        g = gradient(y) + n
        momentum = g if momentum is None else (1 - AVERAGING) * momentum + AVERAGING * g
        direction, smallest = polar_factor(momentum)
        least = min(least, smallest)
        previous, x = x, x - STEP_SIZE * direction
    return x, least


def main():
    path = Path(__file__).with_name("golden.json")
    golden = json.loads(path.read_text())
    bits = golden["noise"]
    draws = [bits[k : k + 6] for k in range(0, len(bits), 6)]
    noise = [matrix(2, 3) for _ in draws]
    for n, draw in zip(noise, draws):
        for k, b in enumerate(draw):
            n[k % 2, k // 2] = number(b)
    x, least = run(noise)
    golden["final_iterate"] = [float(x[i, j]) for j in range(3) for i in range(2)]
    path.write_text(json.dumps(golden, indent=1) + "\n")
    # What an error of 1e-20 in the first gradient becomes.
    noise[0][0, 0] += mpf("1e-20")
    moved, _ = run(noise)
    print("smallest singular value of a momentum:", mp.nstr(least, 5))
    print("amplification of an early error:", mp.nstr(mp.norm(moved - x, mp.inf) / mpf("1e-20"), 5))


if __name__ == "__main__":
    main()
