"""Shares and areas with their intervals, 95 % unless said otherwise."""

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
