"""Whether the neurons that speak most for the class that the network named carry its decision: they are set to another class's medians.

The attacked pictures are the one-pixel ones; their control are genuine pictures, named rightly, with the same margins. Both are instances of
the store, which tells what each neuron says for the named class over the other one (`contribution`): for the attacked pictures that is their
true class, for the genuine ones the runner-up.
"""

import csv
import subprocess

import h5py
import numpy as np

import network
import rates

LAYER = "dense_1"
CHANGED = (5, 20)
DRAWS = 20
# What the instances are called, attacked ones first.
KIND = "picture"


def margins(logits):
    """The largest less the second largest."""
    top = np.sort(logits.astype(np.float64), axis=1)
    return top[:, -1] - top[:, -2]


def alike(wanted, offered):
    """For each of the wanted numbers the place of the nearest of those offered, each taken once."""
    free = np.ones(len(offered), bool)
    chosen = []
    for number in wanted:
        place = np.argmin(np.where(free, np.abs(offered - number), np.inf))
        free[place] = False
        chosen.append(place)
    return np.array(chosen)


def write_instances(group, parameters, pictures, labels):
    """The layer and the logits that pictures [picture, 28, 28] give, as instances. Of one that is named rightly the other class is the runner-up."""
    blocks = [block for _, block in network.activation_blocks(parameters, pictures)]
    for name in (LAYER, "logits"):
        group[f"{KIND}/activations/{name}"] = np.concatenate([block[name] for block in blocks])
    group[f"{KIND}_prediction"] = group[f"{KIND}/activations/logits"][:].argmax(1)
    group["true_label"] = labels


def table(program, store, *arguments):
    told = subprocess.run([program, "export", store, "--layer", LAYER, *arguments], check=True, capture_output=True, text=True).stdout
    return list(csv.DictReader(line for line in told.splitlines() if not line.startswith("#")))


def turned(program, store, parameters, dump, names):
    """Which pictures the network takes for the other class once neurons are set to its medians: {(how, number): [picture, draw]}."""
    lines = table(program, store, "--groups", *names)
    medians = np.array([[float(line[f"median({name})"]) for line in lines] for name in names], np.float32)
    with h5py.File(dump) as file:
        group = file[f"instances/{KIND}/activations"]
        x, logits, labels = group[LAYER][:], group["logits"][:], file["instances/true_label"][:]
    dice = np.random.default_rng(rates.SEED)
    found = {}
    for place, own in enumerate(x):
        named = logits[place].argmax()
        other = labels[place] if labels[place] != named else np.argsort(logits[place])[-2]
        ranked = [int(line["neuron"]) for line in table(program, store, "--groups", "all", "--order", f"contribution({KIND} {place})", "--direction", "descending")]
        for number in CHANGED:
            for how, choices in (("contribution", [ranked[:number]]), ("random", [dice.permutation(len(own))[:number] for _ in range(DRAWS)])):
                changed = np.repeat(own[None], len(choices), axis=0)
                for draw, neurons in zip(changed, choices, strict=True):
                    draw[neurons] = medians[other][neurons]
                found.setdefault((how, number), []).append(network.logits_after(parameters, LAYER, changed).argmax(1) == other)
    return found


def print_turned(program, store, parameters, dump, names):
    print(f"\nshare of pictures that are taken for the other class once so many of the {network.DENSE[LAYER]} neurons of {LAYER} stand at its medians\n")
    print("| | " + " | ".join(f"{number}, by contribution | {number}, at random" for number in CHANGED) + " |\n|---|" + "---|---|" * len(CHANGED))
    found = {key: np.array(hits) for key, hits in turned(program, store, parameters, dump, names).items()}
    half = len(found["random", CHANGED[0]]) // 2
    for kind, some in (("attacked", slice(half)), ("genuine, of the same margins", slice(half, None))):
        cells = []
        for number in CHANGED:
            hits = found["contribution", number][some]
            cells += ["{:.0%} ({:.0%}–{:.0%})".format(*rates.share(hits.sum(), hits.size)), f"{found['random', number][some].mean():.0%}"]
        print(f"| {kind} ({half}) | " + " | ".join(cells) + " |")
