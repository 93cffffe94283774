"""Divergences of rows by brute force in float64, from the values of a dump and the grids of its store: Tiles/FORMAT.md §10."""

import numpy as np
from store_oracle import bins_of

CELLS = 19


def cells_of(values, exponent, origin, tails):
    """Cell of each value of a neuron, -1 where it is not finite; and where it stands."""
    values = np.asarray(values, np.float64)
    cells, places = np.full(values.shape, -1), np.full(values.shape, np.nan)
    finite = np.isfinite(values)
    bins = bins_of(values[finite], exponent) - origin
    if tails:
        bins = np.clip(bins, 0, 255)
    cells[finite] = np.select([values[finite] == 0, bins < 0, bins > 255], [16, 17, 18], bins // 16)
    middle = np.ldexp(origin + np.clip(bins, 0, 255) + 0.5, exponent)
    lower, upper = np.ldexp(float(origin), exponent), np.ldexp(float(origin + 256), exponent)
    at_lower, at_upper = (bins < 0) | (bins == 0) & bool(tails), (bins > 255) | (bins == 255) & bool(tails)
    places[finite] = np.select([values[finite] == 0, at_lower, at_upper], [0, lower, upper], middle)
    return cells, places


def evidence(cells, labels, classes, judged, without, own):
    """Sums of ln p of each judged row in each class at a neuron, and how many values it has.

    `cells` [row, sample] of the store; `judged` [input, sample]; `without` [input, sample] with the class `own` [input] is taken out, -1: nothing.
    """
    counts = np.zeros((classes, CELLS))
    for k in range(classes):
        some = cells[labels == k]
        counts[k] = np.bincount(some[some >= 0], minlength=CELLS)
    sums, values = np.zeros((len(judged), classes)), np.zeros(len(judged))
    for i, row in enumerate(judged):
        h = counts.copy()
        if own[i] >= 0:
            gone = without[i]
            h[own[i]] -= np.bincount(gone[gone >= 0], minlength=CELLS)
        q = (h.sum(axis=0) + 0.5) / (h.sum() + CELLS / 2)
        p = (h + q) / (h.sum(axis=1, keepdims=True) + 1)
        some = row[row >= 0]
        sums[i] += np.log(p)[:, some].sum(axis=1)
        values[i] = len(some)
    return sums, values


class Layer:
    """A layer of a store with the dump's values `[row, sample, neuron]`."""

    def __init__(self, group, values, labels, classes, sizes):
        self.exponent, self.origin, self.tails = (group[f"grid/{n}"][...].astype(np.int64) for n in ("exponent", "origin", "tails"))
        self.values, self.labels, self.classes, self.sizes = np.asarray(values, np.float64), labels, classes, sizes
        self.medians = np.full((classes, values.shape[2]), np.nan)
        for k in range(classes):
            for n in range(values.shape[2]):
                some = self.values[labels == k][:, :, n]
                some = some[np.isfinite(some)]
                if some.size:
                    exact = np.median(some)
                    self.medians[k, n] = np.float32(exact) if group["statistics/median"].dtype == np.float32 else exact

    def judge(self, inputs, named, own, without=None, rivals=None):
        """D, T, R and the evidence [input, class] of inputs `[input, sample, neuron]`.

        `own` is the class of the row that is taken out, -1: none; `without` its values, if they are not the input's; `rivals` the only
        candidates.
        """
        inputs = np.asarray(inputs, np.float64)
        without = inputs if without is None else np.asarray(without, np.float64)
        total, values = np.zeros((len(inputs), self.classes)), np.zeros(len(inputs))
        far, compared = np.zeros(len(inputs)), np.zeros(len(inputs))
        for n in range(inputs.shape[2]):
            grid = int(self.exponent[n]), int(self.origin[n]), int(self.tails[n])
            cells, places = cells_of(inputs[:, :, n], *grid)
            stored, gone = cells_of(self.values[:, :, n], *grid)[0], cells_of(without[:, :, n], *grid)[0]
            sums, count = evidence(stored, self.labels, self.classes, cells, gone, own)
            total += sums
            values += count
            for i, c in enumerate(named):
                if c >= 0 and not np.isnan(self.medians[c, n]):
                    some = places[i][cells[i] >= 0]
                    far[i] += np.abs(some - self.medians[c, n]).sum()
                    compared[i] += len(some)
        figures = np.full((len(inputs), 3), np.nan)
        with np.errstate(invalid="ignore"):
            means = total / values[:, None]
        for i, c in enumerate(named):
            if c < 0 or self.sizes[c] == 0 or values[i] == 0:
                continue
            if compared[i]:
                figures[i, 0] = far[i] / compared[i]
            figures[i, 1] = -means[i, c]
            others = range(self.classes) if rivals is None else [rivals[i]]
            others = [k for k in others if k not in (c, -1) and self.sizes[k] > (own[i] == k)]
            if others:
                figures[i, 2] = means[i, others].max() - means[i, c]
        return figures, means

    def ladder(self, means):
        """The median over the rows of a class of what speaks for another one: `[own, other]`."""
        out = np.full((self.classes, self.classes), np.nan)
        for y in range(self.classes):
            rows = (self.labels == y) & ~np.isnan(means[:, y])
            if rows.any():
                out[y] = np.median(means[rows] - means[rows][:, [y]], axis=0)
        return out


def omnibus(z):
    """Of each calibration row, measured by the others; and a function for rows that are none of them."""

    def distance(others, row):
        mean, deviation = others.mean(axis=0), others.std(axis=0)
        moves = deviation > 0
        if not moves.any():
            return 0.0
        a = (row - mean)[moves] / deviation[moves]
        corr = np.atleast_2d(np.corrcoef(others[:, moves], rowvar=False))
        return float(a @ np.linalg.solve(0.9 * corr + 0.1 * np.eye(len(a)), a))

    return np.array([distance(np.delete(z, i, axis=0), z[i]) for i in range(len(z))]), lambda row: distance(z, row)


def high(reference, value):
    return (1 + (reference >= value).sum()) / (len(reference) + 1)


def low(reference, value):
    return (1 + (reference <= value).sum()) / (len(reference) + 1)


def contributions(layer, value, gone, own, named, other):
    """What each neuron says for one class over another, of one input `[neuron]`; `gone` is the row that is taken out, of class `own`."""
    keys = np.full(len(value), np.nan)
    for n in range(len(value)):
        grid = int(layer.exponent[n]), int(layer.origin[n]), int(layer.tails[n])
        cells, without = cells_of(np.array([[value[n]]]), *grid)[0], cells_of(np.array([[gone[n]]]), *grid)[0]
        sums, count = evidence(cells_of(layer.values[:, :, n], *grid)[0], layer.labels, layer.classes, cells, without, [own])
        if count[0]:
            keys[n] = sums[0, named] - sums[0, other]
    return keys
