"""What every benchmark prints: one JSON row a line on standard output, what it is doing on standard error."""
import json
import statistics
import sys


def percentile(values, part):
    """By nearest rank: a value that was measured."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(part * len(ordered)))]


def median(values):
    return statistics.median(values)


def say(text):
    print(text, file=sys.stderr, flush=True)


def row(name, measured, unit, bar, met, peer=None, ratio=None):
    """`bar` in words; `peer` is what the ratio is against, measured in the same run."""
    def short(value):
        return None if value is None else round(value, 3)
    print(json.dumps({"name": name, "measured": short(measured), "unit": unit, "bar": bar, "met": bool(met), "peer": short(peer),
                      "ratio": short(ratio)}, ensure_ascii=False), flush=True)
