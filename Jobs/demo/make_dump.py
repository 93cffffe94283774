#!/usr/bin/env python3
"""Makes the demo's dump: a small network trained on real pictures, its activations, and real one-pixel attacks on it.

    pip install -r requirements.txt
    ./make_dump.py --small fashion-small.h5      # 2,000 test pictures, the last four layers, float16
    ./make_dump.py --full full/fashion-full.h5   # 10,000 test pictures, every layer, float32
    ./make_dump.py --parameters parameters.npz   # the network itself, float16

All in one run share the training. Some minutes on two cores. The seed is fixed: the same machine and the same
versions give the same file, byte for byte (another processor may round otherwise and find other attacks).
"""

import argparse
import sys
import time
from pathlib import Path

import jax
import numpy as np

import attack
import dump
import fashion
import network

SEED = 0
EPOCHS = 3
ACCURACY_MIN = 0.90

SMALL_ROWS = 2000
SMALL_LAYERS = ["conv_4", "dense_1", "dense_2", "logits"]

ATTACKED_ROWS = 2000  # attacks are sought among the first rows, so that every pair is also in the small dump
TRIED_PER_CLASS = 8
PAIRS_PER_CLASS = 4
PAIRS_MIN = 30
TRIED_IN_ORDER = 50
STORY = {"sandal", "sneaker"}  # the first pair is between these; the job files' `start` names them


def main():
    options = parse()
    train_images, train_labels = fashion.load("train")
    images, labels = fashion.load("t10k")

    say(f"training on {len(train_images):,} pictures, {EPOCHS} epochs")
    parameters = network.train(train_images, train_labels, EPOCHS, SEED, report_training)
    chances = np.asarray(jax.nn.softmax(network.logits_of(parameters, images)))
    accuracy = float((chances.argmax(1) == labels).mean())
    say(f"accuracy on the {len(images):,} test pictures: {accuracy:.2%}")
    if accuracy < ACCURACY_MIN:
        raise SystemExit(f"error: the network reached {accuracy:.2%}, at least {ACCURACY_MIN:.0%} is needed")

    if options.parameters:
        say(f"writing {options.parameters}")
        network.save(parameters, options.parameters)
    if not (options.small or options.full):
        return

    attacks, success = seek(parameters, images, labels, chances)
    attributes = describe(accuracy, success)
    if options.small:
        say(f"writing {options.small}")
        small = slice(0, SMALL_ROWS)
        dump.write(
            options.small, parameters, images[small], labels[small], attacks, SMALL_LAYERS, np.float16, 9, attributes
        )
        dump.check(options.small)
    if options.full:
        say(f"writing {options.full}")
        dump.write(options.full, parameters, images, labels, attacks, network.LAYERS, np.float32, 1, attributes)
        dump.check(options.full)
    say("done")


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--small", type=Path, metavar="PATH", help="write the small dump there")
    parser.add_argument("--full", type=Path, metavar="PATH", help="write the full dump there")
    parser.add_argument("--parameters", type=Path, metavar="PATH", help="write the network's parameters there")
    options = parser.parse_args()
    if not (options.small or options.full or options.parameters):
        parser.error("nothing to write: give --small PATH, --full PATH or --parameters PATH")
    return options


def seek(parameters, images, labels, chances):
    """Looks for attacks, prints them, and picks the pairs.

    Returns the chosen attacks, the story's first, and a dictionary of how often the search succeeded.
    """
    margins = attack.margins(chances, labels)[:ATTACKED_ROWS]
    correct = np.flatnonzero(margins > 0)

    in_order = correct[:TRIED_IN_ORDER]
    say(f"one-pixel attacks on the first {len(in_order)} correct test pictures")
    plain = attack.find(parameters, images, labels, chances, in_order)

    uncertain = []
    for label in range(len(fashion.CLASS_NAMES)):
        own = correct[labels[correct] == label]
        uncertain.extend(own[np.argsort(margins[own], kind="stable")][:TRIED_PER_CLASS])
    say(f"one-pixel attacks on the {TRIED_PER_CLASS} least certain correct ones of each class")
    found = attack.find(parameters, images, labels, chances, uncertain)

    chosen = choose(found)
    for pair, one in enumerate(chosen):
        say(f"pair {pair}: {story_of(one)}")
    success = {
        "attacks_tried_in_order": len(in_order),
        "attacks_succeeded_in_order": len(plain),
        "attacks_tried_least_certain": len(uncertain),
        "attacks_succeeded_least_certain": len(found),
    }
    say(", ".join(f"{name} {count}" for name, count in success.items()))
    if len(chosen) < PAIRS_MIN:
        raise SystemExit(f"error: {len(chosen)} pairs found, at least {PAIRS_MIN} are needed")
    return chosen, success


def choose(found):
    """The story's pair, then up to PAIRS_PER_CLASS of each true class, surest first.

    The story's pair is the one between its two classes whose weaker confidence (right before, wrong after) is largest.
    """

    def tells_the_story(one):
        classes = {fashion.CLASS_NAMES[one.label], fashion.CLASS_NAMES[one.prediction]}
        return classes == STORY, min(one.benign_confidence, one.attacked_confidence)

    first = max(found, key=tells_the_story)
    chosen = [first]
    for one in sorted(found, key=lambda one: -one.attacked_confidence):
        if one != first and sum(other.label == one.label for other in chosen) < PAIRS_PER_CLASS:
            chosen.append(one)
    return chosen


def story_of(one):
    """One attack in words."""
    before, after = fashion.CLASS_NAMES[one.label], fashion.CLASS_NAMES[one.prediction]
    return (
        f"test picture {one.row}, {before} ({one.benign_confidence:.0%}) taken for {after} "
        f"({one.attacked_confidence:.0%}): pixel {one.place} from {one.old} to {one.new}"
    )


def describe(accuracy, success):
    """The file's attributes."""
    return {
        "title": "Fashion-MNIST seen by a small VGG-like network, with one-pixel attacks",
        "licence": "pictures: MIT, (c) 2017 Zalando SE; all else in this file: MIT",
        "source": f"Debian package {fashion.PACKAGE} (https://github.com/zalandoresearch/fashion-mnist)",
        "made_by": f"make_dump.py with jax {jax.__version__} and numpy {np.__version__}",
        "network": (
            "conv_1 16, conv_2 16, pool, conv_3 32, conv_4 32, pool, dense_1 512, dense_2 512, logits 10; "
            "convolutions 3x3, pooling 2x2 maximum; activations after ReLU and before pooling, logits raw; "
            f"Adam, {EPOCHS} epochs over 60,000 training pictures"
        ),
        "rows": "test pictures in the data set's order, from the first",
        "seed": SEED,
        "test_accuracy": accuracy,
        "attack_search": (
            f"every one of {attack.PLACES} places with each grey of {attack.GREYS}; the change with the highest "
            "probability of a false class is kept"
        ),
        "attack_selection": (
            f"not a fair sample: of the first {ATTACKED_ROWS} test pictures, the {TRIED_PER_CLASS} of each class "
            "that the network gets right with the smallest lead of the true class; of those that one pixel flips, "
            f"up to {PAIRS_PER_CLASS} a class with the highest confidence in the false class, and as the first pair "
            "one that is confident before and after"
        ),
        **success,
    }


def report_training(step, steps, cost):
    say(f"  step {step:,} of {steps:,}, loss {cost:.3f}")


STARTED = time.monotonic()


def say(text):
    print(f"{time.monotonic() - STARTED:6.1f} s  {text}", flush=True)


if __name__ == "__main__":
    try:
        main()
    except fashion.MissingData as missing:
        sys.exit(f"error: {missing}")
