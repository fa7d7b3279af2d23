"""Sets our forecasts beside those of others, and says which targets hold.

    forecast_compare.py FOLDER    reads FOLDER/ours/NAME.json and FOLDER/before/ours/NAME.json, answers of
                                  `shadowplane backtest --json` for the series that `forecast_peers.py` wrote, and the
                                  peers' answers, which it has them give where there are none yet
"""

import json
import sys
from collections import defaultdict

import numpy as np

from forecast_peers import HORIZONS, PEERS, answer, names

OURS = "auto"
# Of our program, but of augurs' making.
AUGURS = {"mstl": "augurs MSTL", "damped_trend": "augurs ETS"}
# Models of ours that need no training.
CLASSICAL = [
    "seasonal_naive",
    "one_day_median",
    "recent_level",
    "local_trend",
    "smoothed_level",
    "hour_mean",
    "damped_trend",
    "mstl",
]
TARGETS_BEST = {"5m": 1.00, "1h": 0.98, "1d": 0.99}
TARGET_PICKED = 0.95
TARGET_MEDIAN = 1.05
TARGET_TIME = 0.1


def read_ours(path):
    """By model and horizon the MASE, and by model the seconds of fitting and of a forecast."""
    mase, seconds = defaultdict(dict), {}
    with open(path) as file:
        for row in json.load(file)["results"]:
            if row.get("mase") is not None:
                mase[row["model"]][row["horizon"]] = row["mase"]
                seconds[row["model"]] = row["fit_s"] + row["predict_ms"] / 1e3
    return mase, seconds


class Part:
    """All answers for one series, whole or cut before the first origin."""

    def __init__(self, folder, part, series):
        self.ours, self.our_seconds = read_ours(f"{folder}/{part}ours/{series}.json")
        answers = {peer: answer(folder, part, series, peer) for peer in PEERS}
        self.peers = {peer: answer["mase"] for peer, answer in answers.items()}
        self.peers |= {name: self.ours[model] for model, name in AUGURS.items() if model in self.ours}
        self.peer_seconds = {peer: answer["seconds"] for peer, answer in answers.items()}

    def least(self, horizon):
        return min(self.peers, key=lambda peer: self.peers[peer].get(horizon, np.inf))


def ratio(ours, peer):
    # A series that repeats itself exactly leaves nothing to be wrong about.
    return (ours + 1e-9) / (peer + 1e-9)


def table(folder, shown):
    """Prints every series and horizon; gives the ratios to the best peer, to the one that validation picks and to the
    median, by horizon."""
    ratios = {what: defaultdict(dict) for what in ("best", "picked", "median")}
    for series in names(folder):
        now, before = Part(folder, "", series), Part(folder, "before/", series)
        print(f"\n{series:<30}" + "".join(f"{horizon:>9}" for horizon in HORIZONS) + "    validation")
        line = lambda name, part, past: print(
            f"  {name:<28}"
            + "".join(f"{part[horizon]:>9.3f}" if horizon in part else f"{'-':>9}" for horizon in HORIZONS)
            + "    "
            + "".join(f"{past[horizon]:>9.3f}" if horizon in past else f"{'-':>9}" for horizon in HORIZONS)
        )
        for model in [OURS, *shown]:
            line(f"ours, {model}", now.ours.get(model, {}), before.ours.get(model, {}))
        for peer, scores in now.peers.items():
            line(peer, scores, before.peers.get(peer, {}))
        for what, of in (
            ("best", now.least),
            ("picked", before.least),
            ("median", lambda _: "one-day median"),
        ):
            for horizon in HORIZONS:
                ratios[what][horizon][series] = ratio(now.ours[OURS][horizon], now.peers[of(horizon)][horizon])
        for what, of in (("best", now.least), ("picked", before.least)):
            cells = "".join(f"{ratios[what][horizon][series]:>9.3f}" for horizon in HORIZONS)
            print(f"  {f'ours to the {what}':<28}{cells}    {', '.join(of(horizon) for horizon in HORIZONS)}")
    return ratios


def geometric_mean(ratios):
    return float(np.exp(np.mean(np.log(list(ratios)))))


def interval(ratios):
    """90 % of the geometric mean over series drawn again, each with its own peer: a paired bootstrap."""
    logs, rng = np.log(list(ratios)), np.random.default_rng(1)
    means = logs[rng.integers(0, len(logs), (10_000, len(logs)))].mean(axis=1)
    return tuple(np.exp(np.quantile(means, (0.05, 0.95))))


def judge(what, value, target, between=""):
    print(f"{what:<46}{value:>8.3f}  {between:<16}≤ {target:.2f}  {'holds' if value <= target else 'MISSED'}")
    return value <= target


def targets(ratios):
    met = []
    print(f"\n{'geometric mean of ratios':<46}{'ours':>8}  {'90 %':<16}target")
    for what, of, most in (
        ("to the best peer of each series", "best", TARGETS_BEST),
        ("to the peer that validation picks", "picked", dict.fromkeys(HORIZONS, TARGET_PICKED)),
    ):
        for horizon in HORIZONS:
            found = ratios[of][horizon].values()
            low, high = interval(found)
            between = f"{low:.3f} to {high:.3f}"
            met.append(judge(f"{what:<38}{horizon:>6}", geometric_mean(found), most[horizon], between))
        if of == "picked":
            found = [one for horizon in HORIZONS for one in ratios[of][horizon].values()]
            print(f"{what:<36}{'all':>8}  {geometric_mean(found):>8.3f}")
    over = {f"{s} {h}": one for h in HORIZONS for s, one in ratios["median"][h].items() if one > TARGET_MEDIAN}
    worst = max(one for of in ratios["median"].values() for one in of.values())
    met.append(judge("largest ratio to the one-day median", worst, TARGET_MEDIAN))
    for name, one in sorted(over.items(), key=lambda item: -item[1]):
        print(f"  {name:<44}{one:>8.3f}")
    return met


def times(folder):
    """What fitting a classical model and one forecast of a day take, against statsforecast's MSTL on the same series."""
    met = []
    print(f"\n{'time to fit and forecast a day / that of MSTL':<46}{'ratio':>8}  {'ms':<16}target")
    parts = [Part(folder, "", series) for series in names(folder)]
    for model in CLASSICAL:
        known = [part for part in parts if model in part.our_seconds]
        if known:
            found = [part.our_seconds[model] / part.peer_seconds["MSTL"] for part in known]
            ms = np.mean([part.our_seconds[model] for part in known]) * 1e3
            met.append(judge(model, geometric_mean(found), TARGET_TIME, f"{ms:.2f}"))
    return met


if __name__ == "__main__":
    match sys.argv[1:]:
        case [folder, *shown]:
            met = targets(table(folder, shown)) + times(folder)
            print("\nevery target is met" if all(met) else "\na target is missed")
            sys.exit(0 if all(met) else 1)
        case _:
            sys.exit(__doc__)
