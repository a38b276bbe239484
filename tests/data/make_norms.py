#!/usr/bin/env python3
"""Writes norms.json: norms, dual norms, oracles and noise-type constants at 50 digits.

    python3 make_norms.py          (needs mpmath 1.3)

Independent of the Rust code: formulas are written here from their definitions, singular values come from mpmath.
Matrix entries are bit patterns of doubles with at most 24 significant bits, so that they are exact in f32 too, column by
column. Results are decimal, rounded to the nearest double. A norm is named by the TOML text that builds it.
"""

import json
import struct
from pathlib import Path

from mpmath import mp, mpf, matrix, svd_r, inverse, inf, log, floor, sqrt

mp.dps = 50

# ---------------------------------------------------------------- matrices


def integers(seed):
    """Integers from -2047 to 2047 by a linear congruential generator (the constants of Numerical Recipes)."""
    state = seed
    while True:
        state = (1664525 * state + 1013904223) % 2**32
        yield (state >> 8) % 4095 - 2047


def random_rows(m, n, seed):
    source = integers(seed)
    return [[next(source) / 1024 for _ in range(n)] for _ in range(m)]


def product(a, b):
    return [[sum(x * y for x, y in zip(row, column)) for column in zip(*b)] for row in a]


def scaled(rows, k):
    return [[x * 2.0**k for x in row] for row in rows]


SMALL = [[1.0, -2.0], [3.0, 1.0], [0.5, 4.0], [-1.0, 0.25], [2.0, 2.0]]
OTHER = [[1.0, 0.0, -1.0, 2.0], [0.5, 3.0, 1.0, -1.0]]
HOLES = random_rows(4, 5, 7)
for i in range(4):
    HOLES[i][2] = 0.0
HOLES[1] = [0.0] * 5

MATRICES = {
    "1x1": [[-1.375]],
    "1x5": random_rows(1, 5, 1),
    "5x1": random_rows(5, 1, 2),
    "3x3": random_rows(3, 3, 3),
    "4x7": random_rows(4, 7, 4),
    "7x4": random_rows(7, 4, 5),
    "rank 2 of 5x4": product(SMALL, OTHER),
    "a zero row and a zero column": HOLES,
    "graded": [[x * 2.0 ** (-6 * i) for x in row] for i, row in enumerate(random_rows(4, 4, 8))],
    "tiny": scaled(random_rows(3, 4, 9), -100),
    "huge": scaled(random_rows(3, 4, 10), 100),
    "12x16": random_rows(12, 16, 11),
}

# ---------------------------------------------------------------- norms


def conjugate(q):
    return inf if q == 1 else mpf(1) if q == inf else q / (q - 1)


def l(x, q):
    largest = max(x)
    if q == inf or largest == 0:
        return largest
    return largest * mp.fsum((y / largest) ** q for y in x) ** (1 / q)


def attaining(x, q):
    """w on the unit sphere of l_q with <w, x> the conjugate norm of x; None if that is badly conditioned."""
    ordered = sorted(x, reverse=True)
    if q < mpf("1.01"):
        if len(x) > 1 and ordered[1] > (1 - mpf("1e-3")) * ordered[0]:
            return None
        if q == 1:
            return [mpf(y == ordered[0]) for y in x]
    if q == inf:
        return [mpf(y != 0) for y in x]
    w = [(y / ordered[0]) ** (1 / (q - 1)) if y else mpf(0) for y in x]
    norm = l(w, q)
    return [y / norm for y in w]


class Spectral:
    """||X|| = g(singular values)."""

    def __init__(self, toml, gauge, dual_gauge, weights):
        self.toml, self.gauge, self.dual_gauge, self.weights = toml, gauge, dual_gauge, weights

    def measure(self, x):
        u, sigma, vt = svd_r(x)
        rank = sum(1 for s in sigma if s > sigma[0] * mpf("1e-40"))
        s = [sigma[i] for i in range(rank)]
        c = self.factor(x)
        w = self.weights(s)
        # Singular vectors move by about u sigma_1 over the gaps at which the weights change.
        jumps = [s[i] - (s[i + 1] if i + 1 < rank else 0)
                 for i in range(rank) if w and w[i] != (w[i + 1] if i + 1 < rank else 0)]
        lmo = None
        if w and min(jumps) > s[0] / 100:
            lmo = matrix(x.rows, x.cols)
            for k in range(rank):
                lmo -= w[k] / c * u[:, k] * vt[k, :]
        return c * self.gauge(s), self.dual_gauge(s) / c, lmo

    def factor(self, _):
        return mpf(1)


class RmsToRms(Spectral):
    def factor(self, x):
        return sqrt(mpf(x.cols) / x.rows)


class Lines:
    """||X|| = l_q of the 2-norms of columns or rows, or of the absolute entries."""

    def __init__(self, toml, kind, q):
        self.toml, self.kind, self.q = toml, kind, q

    def measure(self, x):
        cells = [(i, j) for j in range(x.cols) for i in range(x.rows)]
        key = {"columns": lambda i, j: j, "rows": lambda i, j: i, "entries": lambda i, j: (i, j)}[self.kind]
        lines = {}
        for i, j in cells:
            lines.setdefault(key(i, j), []).append((i, j))
        length = {k: sqrt(mp.fsum(x[c] ** 2 for c in line)) for k, line in lines.items()}
        lengths = list(length.values())
        w = attaining(lengths, self.q)
        lmo = None
        if w:
            lmo = matrix(x.rows, x.cols)
            for weight, (k, line) in zip(w, lines.items()):
                for c in line if length[k] else []:
                    lmo[c] = -weight * x[c] / length[k]
        return l(lengths, self.q), l(lengths, conjugate(self.q)), lmo


class Weighted:
    """||A X B|| of a unitarily invariant norm."""

    def __init__(self, inner, left, right):
        rows = lambda a: "[" + ", ".join("[" + ", ".join(map(repr, r)) + "]" for r in a) + "]"
        norm = "{ " + inner.toml.replace("\n", ", ") + " }"
        self.toml = f"name = 'weighted'\nnorm = {norm}\nleft = {rows(left)}\nright = {rows(right)}"
        self.inner, self.left, self.right = inner, matrix(left), matrix(right)

    def measure(self, x):
        a, b = inverse(self.left), inverse(self.right)
        value, _, _ = self.inner.measure(self.left * x * self.right)
        _, dual, lmo = self.inner.measure(a.T * x * b.T)
        return value, dual, lmo and a * lmo * b


def ky_fan_weights(s, k):
    share = mp.fsum(s) / k
    if len(s) > 1 and abs(s[0] / share - 1) < mpf("1e-3"):
        return None
    return [mpf(1)] + [mpf(0)] * (len(s) - 1) if s[0] >= share else [mpf(1) / k] * len(s)


def top(s, k):
    return [mpf(i < k) for i in range(len(s))]


def norms():
    nuclear, largest = mp.fsum, lambda s: s[0]
    yield Spectral("name = 'spectral'", largest, nuclear, lambda s: top(s, len(s)))
    yield Spectral("name = 'nuclear'", nuclear, largest, lambda s: top(s, 1))
    yield RmsToRms("name = 'rms-to-rms'", largest, nuclear, lambda s: top(s, len(s)))
    for q in [1.0, 1.000000001, 1.5, 2.0, 3.0, 64.0, float("inf")]:
        text, q = f"q = {q!r}", mpf(q)
        yield Spectral(f"name = 'schatten'\n{text}", lambda s, q=q: l(s, q),
                       lambda s, q=q: l(s, conjugate(q)), lambda s, q=q: attaining(s, q))
        yield Lines(f"name = 'entry-lq'\n{text}", "entries", q)
    for k in [1, 2, 3, 100]:
        sums = lambda s, k=k: mp.fsum(s[:k])
        larger = lambda s, k=k: max(s[0], mp.fsum(s) / min(k, len(s)))
        # Beyond the side r, k means r; a smaller rank does not matter because sigma_1 is then the larger term.
        yield Spectral(f"name = 'ky-fan'\nk = {k}", sums, larger, lambda s, k=k: ky_fan_weights(s, k))
        yield Spectral(f"name = 'ky-fan-dual'\nk = {k}", larger, sums, lambda s, k=k: top(s, k))
    for name, kind, q in [("frobenius", "entries", 2), ("max-entry", "entries", inf), ("sum-entries", "entries", 1),
                          ("max-col-l2", "columns", inf), ("sum-col-l2", "columns", 1),
                          ("max-row-l2", "rows", inf), ("sum-row-l2", "rows", 1)]:
        yield Lines(f"name = '{name}'", kind, mpf(q))


LEFT = [[2.0, 1.0, 0.0], [0.0, 1.0, 0.5], [0.5, 0.0, 1.0]]
RIGHT = [[1.0, 0.5, 0.0], [0.0, 2.0, -1.0], [0.25, 0.0, 1.0]]

# ---------------------------------------------------------------- noise-type constants


def c_p(p):
    return (2 ** (1 / (p - 1)) - 1) ** (p - 1)


def log_row(p, d, b=inf):
    """C_p min over 2 <= c <= b of (c-1)^{p-1} d^{p/c-p/b}, by golden sections in log c."""
    f = lambda t: (p - 1) * log(mp.e**t - 1) + p * log(mpf(d)) * (mp.e**-t - 1 / b)
    low, high, g = log(mpf(2)), log(b) if b != inf else mpf(30), (sqrt(mpf(5)) - 1) / 2
    for _ in range(200):
        x, y = high - g * (high - low), low + g * (high - low)
        low, high = (low, y) if f(x) < f(y) else (x, high)
    ends = [log(mpf(2)), (low + high) / 2] + ([log(b)] if b != inf else [])
    return c_p(p) * mp.e ** min(map(f, ends))


def signs(d):
    return floor(log(mpf(d), 2) + mpf("1e-40")) + 1


def noise_types(m, n, p):
    """(TOML, row of the table, distortion against Frobenius, lower bound, whether nothing smaller is known)."""
    r, d = mpf(min(m, n)), mpf(m * n)
    c, h, e = c_p(p), 2 ** (2 - p), p - 1
    for name in ["spectral", "rms-to-rms"]:
        yield f"name = '{name}'", c * r**e, sqrt(r), r**e, True
    yield "name = 'nuclear'", log_row(p, r), sqrt(r), signs(r) ** e, True
    yield "name = 'frobenius'", h, mpf(1), mpf(1), True
    yield "name = 'max-entry'", h * d**e, sqrt(d), d**e, True
    yield "name = 'sum-entries'", log_row(p, d), sqrt(d), signs(d) ** e, True
    for side, count in [("col", mpf(n)), ("row", mpf(m))]:
        yield f"name = 'max-{side}-l2'", h * count**e, sqrt(count), count**e, True
        yield f"name = 'sum-{side}-l2'", log_row(p, count), sqrt(count), signs(count) ** e, True
    for q in [3.0, 6.0, 1.25]:
        b = conjugate(mpf(q))
        distortion = lambda x: x ** abs(1 / b - mpf(1) / 2)
        for name, x, at_p in [("schatten", r, c), ("entry-lq", d, h)]:
            row = at_p * x ** (p / b - 1) if b <= p else c if b <= 2 else log_row(p, x, b)
            lower = max(mpf(1), x ** (p / b - 1)) if b <= 2 else None
            yield f"name = '{name}'\nq = {q!r}", row, distortion(x), lower, name == "schatten"
    for k in [1, 2, 100]:
        j = min(mpf(k), r)
        spectral = min(log_row(p, r), r ** (p / 2) * h)
        lower = max(floor(r / j), signs(j)) ** e
        yield f"name = 'ky-fan'\nk = {k}", c * (r / j) ** e + spectral, max(sqrt(j), sqrt(r / j)), lower, False


# ---------------------------------------------------------------- output


def bits(x):
    assert x == struct.unpack("f", struct.pack("f", x))[0], "an entry is not exact in f32"
    return f"{struct.unpack('<Q', struct.pack('<d', x))[0]:016x}"


def columns(x):
    return [x[i, j] for j in range(x.cols) for i in range(x.rows)]


def main():
    cases = []
    for name, rows in MATRICES.items():
        x = matrix(rows)
        answers = []
        weighted = [Weighted(norm, LEFT, RIGHT) for norm in list(norms())[:2]] if len(rows) == len(rows[0]) == 3 else []
        for norm in [*norms(), *weighted]:
            value, dual, lmo = norm.measure(x)
            answer = {"norm": norm.toml, "value": float(value), "dual": float(dual)}
            if lmo is not None and x.rows * x.cols <= 28:
                answer["lmo"] = [float(mp.nstr(y, 17)) for y in columns(lmo)]
            answers.append(answer)
        entries = [bits(float(y)) for y in columns(x)]
        cases.append({"name": name, "rows": x.rows, "columns": x.cols, "entries": entries, "answers": answers})
    constants = []
    for m, n in [(1, 1), (1, 5), (2, 3), (4, 7), (7, 4), (64, 100)]:
        for p in [1.01, 1.1, 1.25, 1.5, 1.75, 2.0]:
            for toml, row, distortion, lower, sharp in noise_types(m, n, mpf(p)):
                frobenius = distortion ** mpf(p) * 2 ** (2 - mpf(p))
                constants.append({
                    "norm": toml, "rows": m, "columns": n, "p": p, "row": float(row), "frobenius": float(frobenius),
                    "lower": None if lower is None else float(lower), "sharp": sharp,
                })
    file = Path(__file__).with_name("norms.json")
    lines = lambda items: "[\n" + ",\n".join(json.dumps(item, separators=(",", ":")) for item in items) + "\n]"
    file.write_text('{"matrices":' + lines(cases) + ',\n"noise_types":' + lines(constants) + "}\n")


if __name__ == "__main__":
    main()
