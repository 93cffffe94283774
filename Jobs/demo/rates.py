"""Shares and areas with their intervals, 95 % unless said otherwise."""

import math

import numpy as np

SEED = 0


def area(ordinary, other):
    """AUROC: how often a value of `other` lies above one of `ordinary`, ties counted half, with DeLong's interval (1988)."""
    below = np.array([np.mean(ordinary < x) + np.mean(ordinary == x) / 2 for x in other])
    above = np.array([np.mean(other > x) + np.mean(other == x) / 2 for x in ordinary])
    middle = below.mean()
    width = 1.96 * np.sqrt(below.var(ddof=1) / len(other) + above.var(ddof=1) / len(ordinary))
    return middle, max(0, middle - width), min(1, middle + width)


def share(hits, of):
    """A share with Wilson's interval (1927)."""
    z, p = 1.96, hits / of
    middle, width = (p + z * z / 2 / of) / (1 + z * z / of), z / (1 + z * z / of) * np.sqrt(p * (1 - p) / of + z * z / 4 / of / of)
    return p, max(0, middle - width), min(1, middle + width)


def allowed(asked, calibration, fresh):
    """The interval in which the share of alarms among fresh rows lies if they are exchangeable with those of calibration.

    calibration, fresh: rows by predicted class. A p of at most a is one of the k = floor(a (m + 1)) highest places among m rows of
    calibration and the row itself: given the calibration, its chance is drawn from Beta(k, m + 1 - k), and the number of such rows is binomial.
    """
    dice = np.random.default_rng(SEED)
    total = np.zeros(100_000)
    for m, n in zip(calibration, fresh, strict=True):
        places = int(np.floor(asked * (m + 1) + 1e-9))
        if places > 0 and n > 0:
            total += dice.binomial(n, dice.beta(places, m + 1 - places, len(total)))
    return np.quantile(total / sum(fresh), [0.025, 0.975])


def chance(hits, calibration, fresh, asked, upper=False):
    """How likely a number of alarms at least as odd is among `fresh` exchangeable rows of one class: two-sided, or only as large a one.

    The number is beta-binomial, with the Beta(k, m + 1 - k) of `allowed`.
    """
    places = int(np.floor(asked * (calibration + 1) + 1e-9))
    if places == 0:
        return float(hits == 0)
    if places > calibration:
        return 1.0
    a, b = places, calibration + 1 - places
    log = math.lgamma
    pmf = np.exp([
        log(fresh + 1) - log(i + 1) - log(fresh - i + 1) + log(i + a) + log(fresh - i + b) - log(fresh + a + b) + log(a + b) - log(a) - log(b)
        for i in range(fresh + 1)
    ])  # fmt: skip
    most, least = pmf[hits:].sum(), pmf[: hits + 1].sum()
    return float(min(1, most if upper else 2 * min(most, least)))


def holm(chances):
    """p of several tests, so that among all of them one at or below a level is as rare as of one test (Holm, 1979)."""
    order = np.argsort(chances)
    steps = np.maximum.accumulate(np.array(chances)[order] * np.arange(len(chances), 0, -1))
    adjusted = np.empty(len(chances))
    adjusted[order] = np.minimum(steps, 1)
    return adjusted


def by_class(chances, asked, predicted, calibration, upper=False):
    """The share of alarms in each class that the network names, and by Holm how likely one as odd is: [(share, p)].

    chances: p of each fresh row; predicted: its class; calibration: rows of the store by predicted class.
    """
    fresh = np.bincount(predicted, minlength=len(calibration))
    hits = np.bincount(predicted, chances <= asked, minlength=len(calibration)).astype(int)
    found = [chance(h, m, n, asked, upper) for h, m, n in zip(hits, calibration, fresh, strict=True)]
    return list(zip(hits / np.maximum(fresh, 1), holm(found), strict=True))
