#!/usr/bin/env python3
"""Queries per second of Scion on the hard instance in numpy, for comparison with benches/hard_instance.rs.

    OPENBLAS_NUM_THREADS=1 python3 benches/numpy_baseline.py [blocks length probability seconds]

The same loop as the library's general path: one query of the hiding oracle, the average, the polar factor of it by an SVD
without zero rows and columns, one step. Blocks are gathered and scattered with index arrays, the chain's gradient is
evaluated for all blocks at once. `--rows` normalises rows in place of the SVD (the same iterates on disjoint rows).
"""

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import sys
import time

import numpy as np

SQRT_E = np.exp(0.5)
GATE = 0.25

try:
    from scipy.special import erfc
except ImportError:
    from math import erfc as scalar_erfc

    erfc = np.vectorize(scalar_erfc)


def psi_and_slope(x):
    """Psi(|x|) and its derivative, zero for |x| <= 1/2."""
    u = 2 * np.abs(x) - 1
    live = u > 0.0354
    v = 1 / np.where(live, u, 1)
    value = np.where(live, np.exp(1 - v * v), 0)
    return value, 4 * v**3 * value


def chain_gradient(x):
    """grad F_T for every row of x."""
    value, slope = psi_and_slope(x)
    before = np.hstack([np.ones((len(x), 1)), value[:, :-1]])
    gradient = -before * np.exp(0.5 * (1 - x * x))
    after = np.where(x[:, :-1] < 0, -1, 1) * x[:, 1:]
    gradient[:, :-1] -= slope[:, :-1] * np.sqrt(np.pi / 2) * SQRT_E * erfc(-after / np.sqrt(2))
    return gradient


class Scion:
    def __init__(self, blocks, length, probability, step, averaging, rows, seed):
        self.rng = np.random.default_rng(seed)
        self.blocks, self.length, self.probability = blocks, length, probability
        self.step, self.averaging, self.rows = step, averaging, rows
        self.places = (np.arange(blocks)[:, None], np.arange(blocks * length).reshape(blocks, length))
        self.x = np.zeros((blocks, blocks * length))
        self.m = None

    def query(self):
        x = self.x[self.places]
        gradient = chain_gradient(x)
        large = np.abs(x) > GATE
        next_one = np.where(large.any(axis=1), self.length - np.argmax(large[:, ::-1], axis=1), 0)
        hidden = np.flatnonzero(next_one < self.length)
        factor = np.zeros(self.blocks)
        block = self.rng.integers(self.blocks)
        if self.rng.random() < self.probability:
            factor[block] = self.blocks / self.probability
        gradient[hidden, next_one[hidden]] *= factor[hidden]
        response = np.zeros_like(self.x)
        response[self.places] = gradient
        return response

    def polar(self):
        out = np.zeros_like(self.m)
        if self.rows:
            sizes = np.sqrt((self.m * self.m).sum(axis=1))
            np.divide(self.m, sizes[:, None], out=out, where=sizes[:, None] > 0)
            return out
        live = self.m != 0
        rows, columns = np.flatnonzero(live.any(axis=1)), np.flatnonzero(live.any(axis=0))
        if len(rows) == 0:
            return out
        place = np.ix_(rows, columns)
        u, s, vt = np.linalg.svd(self.m[place], full_matrices=False)
        keep = s > 16 * max(self.m.shape) * 1.2e-16 * s[0]
        out[place] = u[:, keep] @ vt[keep]
        return out

    def advance(self):
        g = self.query()
        if self.m is None:
            self.m = g
        else:
            self.m = (1 - self.averaging) * self.m + self.averaging * g
        self.x -= self.step * self.polar()


def main():
    rows = "--rows" in sys.argv
    arguments = [a for a in sys.argv[1:] if not a.startswith("--")]
    blocks, length = (int(a) for a in (arguments + ["16", "8"][len(arguments) :])[:2])
    q = float(arguments[2]) if len(arguments) > 2 else 0.1
    seconds = float(arguments[3]) if len(arguments) > 3 else 2.0
    unit = q / blocks
    # The first calls, with few discovered columns, are cheap: whole runs of the same number of calls are timed, here and
    # in benches/hard_instance.rs.
    calls = 2000
    speeds, start = [], time.perf_counter()
    while len(speeds) < 7 or time.perf_counter() - start < seconds:
        scion = Scion(blocks, length, q, unit, 0.4 * unit, rows, len(speeds))
        # Processor time: other processes do not count.
        began = time.process_time()
        for _ in range(calls):
            scion.advance()
        speeds.append(calls / (time.process_time() - began))
    kind = "rows" if rows else "SVD"
    median, best = sorted(speeds)[len(speeds) // 2], max(speeds)
    print(f"{median:.4g} (best {best:.4g}) queries/s: {kind}, {blocks} blocks of {length}, q = {q}")


main()
