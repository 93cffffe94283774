"""Which layers a pattern names."""

import difflib
import re


class RecordingError(Exception):
    """What stops a recording: what, where, and what to do."""


def expression(pattern):
    """`*` stands for any text without a dot, `**` for any text at all, `?` for one letter."""
    parts = {"**": ".*", "*": "[^.]*", "?": "[^.]"}
    return re.compile("".join(parts.get(part) or re.escape(part) for part in re.split(r"(\*\*|\*|\?)", pattern)))


def matching(patterns, names):
    """The names that the patterns name, in the order of `names`.

    >>> matching(["layer?", "fc"], ["conv1", "layer1", "layer1.0", "fc"])
    ['layer1', 'fc']
    """
    patterns = [patterns] if isinstance(patterns, str) else list(patterns)
    found = set()
    for pattern in patterns:
        hits = [name for name in names if expression(pattern).fullmatch(name)]
        if not hits:
            raise RecordingError(f"No layer is called {pattern!r}. {nearest(pattern, names)}")
        found.update(hits)
    return [name for name in names if name in found]


def insisted(patterns, scores):
    """Layers that are named in full: what a pattern with `*` finds beside what was meant may be left out, these may not."""
    patterns = [patterns] if isinstance(patterns, str) else list(patterns)
    return {name for name in (*patterns, scores and scores.split("[")[0]) if name and not set("*?") & set(name)}


def chosen(patterns, scores, names):
    """The layers to record: those that the patterns name, `output` where it is asked for by name, and the one with the scores."""
    patterns = [patterns] if isinstance(patterns, str) else list(patterns)
    scores = scores.split("[")[0] if scores else None  # a part of what a layer puts out, such as output[logits]
    extra = [name for name in dict.fromkeys((*patterns, scores)) if name == "output" and name not in names]
    found = matching([pattern for pattern in patterns if pattern not in extra], names)
    if scores is not None and scores not in extra:
        found += [name for name in matching(scores, names) if name not in found]
    return found + extra


def nearest(pattern, names):
    """A sentence with the names that are most like the pattern, or the first ones."""
    like = difflib.get_close_matches(pattern.replace("*", ""), names, n=5, cutoff=0.5)
    below = [name for name in names if expression(f"**{pattern}**").fullmatch(name)][:5]
    if like or below:
        return f"Nearest: {', '.join(dict.fromkeys(below + like))}. (* stands for a name without dots, ** for any.)"
    more = ", …" if len(names) > 12 else ""
    return f"There are: {', '.join(names[:12])}{more}." if names else "The model has no layers with names."


def setting(values, name, default):
    """What `values` say of a layer: one value for all, or by pattern, the last one that fits."""
    if not isinstance(values, dict):
        return default if values is None else values
    found = default
    for pattern, value in values.items():
        if expression(pattern).fullmatch(name):
            found = value
    return found
