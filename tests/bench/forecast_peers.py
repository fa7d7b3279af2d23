"""Forecasts of what others would have said, scored as `shadowplane backtest` scores ours.

    forecast_peers.py series DATA FOLDER    writes the series as FOLDER/NAME.csv, and FOLDER/before/NAME.csv cut at the
                                            first origin
    forecast_peers.py answers FOLDER        runs the peers on both and keeps their answers below FOLDER/peers, where
                                            `forecast_compare.py` reads them; those that are there already are not run
                                            again, unless the series, the peer, its settings or its version changed
"""

import csv
import glob
import gzip
import hashlib
import inspect
import json
import os
import sys
import time
import warnings
from collections import Counter, defaultdict
from datetime import datetime, timedelta, timezone
from importlib.metadata import version

import numpy as np

warnings.filterwarnings("ignore")

DAY = 288  # bins of five minutes
HORIZONS = {"5m": 1, "1h": 12, "1d": DAY}
ORIGINS, STEP = 20, DAY // 4
ORIGINS_BEFORE = 10
BIGGEST_FLAVORS = 5
# The series as they are, and cut at the first origin: folder and origins.
PARTS = {"": ORIGINS, "before/": ORIGINS_BEFORE}


# The series


def azure(data):
    """Creates per bin: all of them, and of the biggest flavors."""
    total, flavors = Counter(), defaultdict(Counter)
    for part in ("train", "dev"):
        with gzip.open(f"{data}/azure-vm-v1/{part}.csv.gz", "rt") as file:
            for row in csv.DictReader(file):
                total[int(row["t_s"])] += 1
                flavors[row["flavor"]][int(row["t_s"])] += 1
    biggest = sorted(flavors, key=lambda flavor: -flavors[flavor].total())[:BIGGEST_FLAVORS]
    times = range(min(total), max(total) + 1, 300)
    begin = datetime(2026, 1, 1, tzinfo=timezone.utc)
    at = [(begin + timedelta(seconds=time)).strftime("%Y-%m-%dT%H:%M:%SZ") for time in times]
    for name, counts in [("azure_total", total)] + [(f"azure_{flavor}", flavors[flavor]) for flavor in biggest]:
        yield name, list(zip(at, (counts[time] for time in times)))


def nab(data):
    """As they are; a bin that is missing carries the one before."""
    for path in sorted(glob.glob(f"{data}/nab/*.csv")):
        with open(path) as file:
            known = {datetime.fromisoformat(at): value for at, value in list(csv.reader(file))[1:]}
        at, rows = min(known), []
        while at <= max(known):
            rows.append((at.isoformat() + "Z", known.get(at, rows[-1][1] if rows else None)))
            at += timedelta(minutes=5)
        yield os.path.basename(path)[:-4], rows


def first_origin(bins):
    return bins - DAY - (ORIGINS - 1) * STEP


def write_series(data, folder):
    os.makedirs(f"{folder}/before", exist_ok=True)
    for name, rows in [*azure(data), *nab(data)]:
        for place, kept in (("", rows), ("before/", rows[: first_origin(len(rows))])):
            with open(f"{folder}/{place}{name}.csv", "w", newline="") as file:
                csv.writer(file).writerows([("timestamp", "value"), *kept])


# The peers: each is fitted on what is before the first origin, and then asked at every origin for a day


class SeasonalNaive:
    def fit(self, y):
        pass

    def day(self, y):
        return y[-DAY:]


class OneDayMedian(SeasonalNaive):
    def day(self, y):
        return np.full(DAY, np.median(y[-DAY:]))


class AutoEts(SeasonalNaive):
    """Fitted anew at every origin, on a week."""

    def day(self, y):
        from statsforecast.models import AutoETS

        return AutoETS(season_length=1).forecast(y[-7 * DAY :], DAY)["mean"]


class Mstl(SeasonalNaive):
    """Fitted anew at every origin, on fifteen days."""

    def day(self, y):
        from statsforecast.models import MSTL, AutoETS

        y = y[-15 * DAY :]
        seasons = [season for season in (DAY, 7 * DAY) if len(y) >= 2 * season]
        return MSTL(season_length=seasons, trend_forecaster=AutoETS(model="ZZN")).forecast(y, DAY)["mean"]


class LightGbm:
    """One model for all leads, of the distance from the day's median, by absolute error."""

    @staticmethod
    def features(y, leads):
        o, median = len(y), np.median(y[-DAY:])
        common = [y[-12:].mean(), y[-36:].mean(), y[-DAY:].mean(), median, np.abs(y[-DAY:] - median).mean(), *y[-12:]]
        rows = []
        for lead in leads:
            yesterday, week = o + lead - DAY, o + lead - 7 * DAY
            before = o + lead - 2 * DAY
            rows.append(
                [
                    lead,
                    y[yesterday],
                    y[max(0, yesterday - 2) : min(o, yesterday + 3)].mean(),
                    y[max(0, yesterday - 12) : min(o, yesterday + 13)].mean(),
                    y[before] if before >= 0 else np.nan,
                    y[max(0, before - 6) : before + 7].mean() if before >= 0 else np.nan,
                    y[week] if week >= 0 else np.nan,
                    (o + lead) % DAY,
                    (o + lead) // DAY % 7,
                    *common,
                ]
            )
        return np.array(rows), median

    def fit(self, y):
        import lightgbm

        rng = np.random.default_rng(1)
        rows, targets = [], []
        for o in range(2 * DAY if len(y) > 4 * DAY else DAY, len(y) - 1, 3):
            reach = min(DAY, len(y) - o)
            leads = np.unique([0, *rng.integers(0, min(12, reach), 2), *rng.integers(0, reach, 5)])
            features, median = self.features(y[:o], leads)
            rows.append(features)
            targets.append(y[o + leads] - median)
        self.model = lightgbm.LGBMRegressor(
            objective="l1", n_estimators=300, learning_rate=0.05, min_child_samples=40, n_jobs=1, verbose=-1, random_state=1
        ).fit(np.concatenate(rows), np.concatenate(targets))

    def day(self, y):
        features, median = self.features(y, range(DAY))
        return self.model.predict(features) + median


class TorchLstm:
    """Reads eight hours and yesterday, says a day at once; the best of its steps on the last two days counts."""

    HOURS = 96
    STEPS = 400

    @staticmethod
    def measure(y):
        median = np.median(y[-DAY:])
        return median, np.abs(y[-DAY:] - median).mean() + 1e-9

    def inputs(self, y, origins):
        import torch

        steps, days = [], []
        for o in origins:
            median, scale = self.measure(y[:o])
            at = np.arange(o - self.HOURS, o)
            day, week = at % DAY / DAY * 2 * np.pi, at // DAY % 7 / 7 * 2 * np.pi
            counts = np.arcsinh((y[at] - median) / scale)
            steps.append(np.stack([counts, np.sin(day), np.cos(day), np.sin(week), np.cos(week)], 1))
            days.append(np.arcsinh((y[o - DAY : o] - median) / scale))
        return torch.tensor(np.array(steps), dtype=torch.float32), torch.tensor(np.array(days), dtype=torch.float32)

    def targets(self, y, origins):
        import torch

        days = []
        for o in origins:
            median, scale = self.measure(y[:o])
            days.append(np.arcsinh((y[o : o + DAY] - median) / scale))
        return torch.tensor(np.array(days), dtype=torch.float32)

    def fit(self, y):
        import torch

        class Network(torch.nn.Module):
            def __init__(self):
                super().__init__()
                self.recurrent = torch.nn.LSTM(5, 64, batch_first=True)
                self.head, self.yesterday = torch.nn.Linear(64, DAY), torch.nn.Linear(DAY, DAY)

            def forward(self, steps, days):
                return self.head(self.recurrent(steps)[0][:, -1]) + self.yesterday(days)

        torch.set_num_threads(1)
        torch.manual_seed(1)
        rng = np.random.default_rng(1)
        split = len(y) - 2 * DAY if len(y) > 6 * DAY else int(len(y) * 0.85)
        learnt, held_out = range(DAY, split - DAY), range(split - DAY + 1, len(y) - DAY, 24)
        weights = torch.ones(DAY)
        weights[:12], weights[0] = 4, 12
        self.network = Network()
        optimizer = torch.optim.Adam(self.network.parameters(), lr=3e-3)
        best, least = None, np.inf
        for step in range(1, self.STEPS + 1):
            batch = rng.choice(learnt, 32)
            loss = ((self.network(*self.inputs(y, batch)) - self.targets(y, batch)).abs() * weights).mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            if step % 20 == 0:
                with torch.no_grad():
                    error = self.network(*self.inputs(y, held_out)) - self.targets(y, held_out)
                held = (error.abs() * weights).mean().item()
                if held < least:
                    least, best = held, {name: value.clone() for name, value in self.network.state_dict().items()}
        self.network.load_state_dict(best)

    def day(self, y):
        import torch

        median, scale = self.measure(y)
        with torch.no_grad():
            return np.sinh(self.network(*self.inputs(y, [len(y)]))[0].numpy()) * scale + median


# The quickest first: MSTL alone takes more than all others.
PEERS = {
    "seasonal naive": SeasonalNaive,
    "one-day median": OneDayMedian,
    "LightGBM": LightGbm,
    "AutoETS": AutoEts,
    "torch LSTM": TorchLstm,
    "MSTL": Mstl,
}

# Whose versions matter to which.
LIBRARIES = {
    "AutoETS": ["statsforecast"],
    "MSTL": ["statsforecast"],
    "LightGBM": ["lightgbm"],
    "torch LSTM": ["torch"],
}


# Answers


def read_counts(path):
    with open(path) as file:
        return np.array([float(row["value"]) for row in csv.DictReader(file)])


def names(folder):
    return [os.path.basename(path)[:-4] for path in sorted(glob.glob(f"{folder}/*.csv"))]


def key(name, y, origins):
    """Of all that an answer depends on."""
    libraries = {library: version(library) for library in [*LIBRARIES.get(name, ()), "numpy"]}
    settings = [origins, STEP, HORIZONS, libraries, *(inspect.getsource(one) for one in PEERS[name].__mro__[:-1])]
    return hashlib.sha256(y.tobytes() + json.dumps(settings).encode()).hexdigest()[:32]


def ask(name, y, origins):
    """The MASE at every horizon, the mean error from all origins over that of the seasonal naive before them, and the
    seconds of processor that fitting and a forecast of a day from one origin took."""
    first = len(y) - DAY - (origins - 1) * STEP
    scale = np.abs(y[DAY:first] - y[: first - DAY]).mean()
    begun = time.process_time()
    peer = PEERS[name]()
    peer.fit(y[:first])
    fitted = time.process_time()
    days = [np.abs(peer.day(y[:o]) - y[o : o + DAY]) for o in range(first, len(y) - DAY + 1, STEP)]
    asked = (time.process_time() - fitted) / len(days)
    mase = {horizon: float(np.mean([day[:bins].mean() for day in days]) / scale) for horizon, bins in HORIZONS.items()}
    return {"mase": mase, "seconds": fitted - begun + asked}


def answer(folder, part, series, peer):
    """What is known, or found out now."""
    y, origins = read_counts(f"{folder}/{part}{series}.csv"), PARTS[part]
    path = f"{folder}/peers/{key(peer, y, origins)}.json"
    if not os.path.exists(path):
        print(f"bench: {peer} on {part}{series}", file=sys.stderr, flush=True)
        found = ask(peer, y, origins)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        # Whole or not at all, so that one that is ended in between is run again.
        with open(f"{path}.part", "w") as file:
            json.dump({"series": f"{part}{series}", "peer": peer, **found}, file)
        os.replace(f"{path}.part", path)
    with open(path) as file:
        return json.load(file)


def run_all(folder):
    for peer in PEERS:
        for part in PARTS:
            for series in names(folder):
                answer(folder, part, series, peer)


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["series", data, folder]:
            write_series(data, folder)
        case ["answers", folder]:
            run_all(folder)
        case _:
            sys.exit(__doc__)
