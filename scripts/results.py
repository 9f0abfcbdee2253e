"""Every rung beside the baselines, BG/NBD as `lifetimes` fits it, and LightGBM, on five histories: docs/results.md.

    pip install numpy scipy polars lightgbm lifetimes
    python scripts/results.py --headroom path/to/headroom [--data ../shared/data] [--work DIR] [--only NAME]
                              [--potential path/to/examples/potential]

Each section is replaced in docs/results.md as soon as it is made, the others stay; `--only` makes those whose title holds
NAME. Every history that was run once stays in the working folder: delete it to begin anew.

Expected revenue over the horizon. Each history is a project folder; `headroom backtest` judges its own rungs,
`headroom features` writes what they see, and the others learn from that, on the same accounts and origins:

- LightGBM: three set-ups of the same features (Tweedie on the level, L2 on the log ratio to the baseline with smearing,
  Tweedie from the baseline by `init_score`), trees by early stopping on the calibration origins, the best of the three on
  the selection origins, then fitted again on all origins before the locked one;
- lifetimes: BetaGeoFitter times GammaGammaFitter on the account's own order days, as of the locked origin.

Loss: Tweedie deviance of power 1.5 on revenue scaled to mean 1, predictions floored at .01. Intervals: 90 %, 1,000
bootstrap draws of accounts, of the skill over *the* baseline on the locked origin.
"""

import argparse
import json
import pathlib
import re
import subprocess
import sys
import tempfile

import numpy as np
import polars as pl

ROOT = pathlib.Path(__file__).resolve().parent.parent
DAYS_PER_MONTH = 30.436875
ADVENTUREWORKS = """
[project]
name = "AdventureWorks resellers"
currency = "USD"
[order_lines]
files = ["data/sales.parquet"]
[order_lines.columns]
order_id = "order_number"
customer_id = "reseller_id"
ordered_on = "order_date"
net_revenue = "net_sales"
cost = "product_cost"
[customers]
files = ["data/resellers.csv"]
[customers.columns]
customer_id = "reseller_id"
industry = "business_type"
region = "state"
[products]
files = ["data/bikes.csv"]
[products.columns]
product_group = "subcategory"
"""


def histories(data, work, headroom):
    """Name, folder, arguments of each history; made where it is missing."""

    def simulated(name, *options):
        folder = work / name
        if not folder.exists():
            subprocess.run([headroom, "simulate", "--out", folder, *options], check=True, stdout=subprocess.DEVNULL)
        return folder

    folder = work / "cdnow"
    if not folder.exists():
        (folder / "data").mkdir(parents=True)
        orders = pl.read_parquet(ROOT / "tests/fixtures/cdnow/transactions.parquet")
        orders.select(
            order_id=pl.col("customer_id").cast(pl.String) + "/" + pl.col("date").cast(pl.String),
            customer_id=pl.col("customer_id").cast(pl.String),
            ordered_on=pl.col("date").cast(pl.Date),
            net_revenue=pl.col("amount"),
            quantity=pl.col("quantity"),
        ).write_parquet(folder / "data/order_lines.parquet")
    yield "CDNOW, 2,357 customers", folder, ["--as-of", "1998-06", "--horizon", "3"]
    if (data / "adventureworks").exists():
        folder = work / "adventureworks"
        if not folder.exists():
            (folder / "data").mkdir(parents=True)
            for source, target in [("sales.parquet", "sales.parquet"), ("resellers.csv", "resellers.csv"),
                                   ("products.csv", "bikes.csv")]:
                (folder / "data" / target).write_bytes((data / "adventureworks" / source).read_bytes())
            (folder / "headroom.toml").write_text(ADVENTUREWORKS)
        yield "AdventureWorks, 701 resellers", folder, ["--as-of", "2013-11", "--horizon", "6"]
    yield "simulated, 2,000 accounts, seasons", simulated(
        "plain", "--accounts", "2000", "--months", "60", "--seed", "11"
    ), ["--horizon", "3"]
    yield "simulated, 2,000 accounts, seasons and 8 % trend", simulated(
        "trend", "--accounts", "2000", "--months", "72", "--seed", "12", "--trend", "0.08"
    ), ["--horizon", "6"]
    yield "simulated, 600 accounts, spread 1", simulated(
        "small", "--accounts", "600", "--months", "84", "--seed", "13", "--spread", "1.0"
    ), ["--horizon", "12"]


def deviance(predicted, actual):
    y = np.maximum(actual, 0.0)
    unit = y.mean() if y.mean() > 0 else 1.0
    y, p = y / unit, np.maximum(predicted / unit, 0.01)
    return 2.0 * (y**0.5 / (0.5 * -0.5) - y * p**-0.5 / -0.5 + p**0.5 / 0.5)


def spearman(a, b):
    from scipy.stats import spearmanr

    return spearmanr(a, b).statistic if len(np.unique(a)) > 1 else 0.0


def skill(predicted, baseline, actual):
    ours, theirs = deviance(predicted, actual), deviance(baseline, actual)
    rng = np.random.default_rng(1)
    draws = rng.integers(0, len(actual), (1000, len(actual)))
    boot = 1.0 - ours[draws].mean(axis=1) / theirs[draws].mean(axis=1)
    return 1.0 - ours.mean() / theirs.mean(), *np.percentile(boot, [5, 95])


class LightGbm:
    """The best of three set-ups, chosen where headroom chooses, fitted again as headroom is."""

    SETUPS = ["Tweedie on the level", "log ratio to the baseline", "Tweedie from the baseline"]

    def __init__(self, slices, baseline):
        import lightgbm

        self.lgb = lightgbm
        self.baseline = baseline.removesuffix("_recalibrated")
        frame = slices["train"]
        skip = {"account_id", "role", "c"}
        self.columns = [c for c in frame.columns if c not in skip and not c.startswith("outcome/")]
        texts = [c for c in self.columns if frame[c].dtype == pl.String]
        self.levels = {c: {v: i for i, v in enumerate(sorted(set(frame[c].drop_nulls())))} for c in texts}

    def x(self, frame):
        columns = [
            frame[c].replace_strict(self.levels[c], default=None).cast(pl.Float64) if c in self.levels else frame[c]
            for c in self.columns
        ]
        return np.column_stack([c.cast(pl.Float64).fill_null(float("nan")).to_numpy() for c in columns])

    def b(self, frame):
        return np.maximum(frame[f"baseline/{self.baseline}"].to_numpy(), 0.0), frame["c"].to_numpy()

    def fit(self, setup, frame, later, trees=None):
        b, c = self.b(frame)
        y = np.maximum(frame["outcome/revenue"].to_numpy(), 0.0)
        unit = y.mean()
        target = {0: y / unit, 1: np.log((y + c) / (b + c)), 2: (y + c) / unit}[setup]
        params = {
            "objective": "regression" if setup == 1 else "tweedie",
            "tweedie_variance_power": 1.5,
            "learning_rate": 0.05,
            "num_leaves": 15,
            "min_data_in_leaf": 40,
            "feature_fraction": 0.5,
            "bagging_fraction": 0.7,
            "bagging_freq": 1,
            "lambda_l2": 5.0,
            "verbosity": -1,
            "num_threads": 1,
            "seed": 1,
        }
        categorical = [self.columns.index(c) for c in self.levels]

        def dataset(frame, reference=None):
            b, c = self.b(frame)
            y = np.maximum(frame["outcome/revenue"].to_numpy(), 0.0)
            target = {0: y / unit, 1: np.log((y + c) / (b + c)), 2: (y + c) / unit}[setup]
            start = np.log((b + c) / unit) if setup == 2 else None
            return self.lgb.Dataset(
                self.x(frame), target, init_score=start, categorical_feature=categorical, reference=reference
            )

        train = dataset(frame)
        if later is None:
            model = self.lgb.train(params, train, trees)
        else:
            stop = self.lgb.early_stopping(40, verbose=False)
            model = self.lgb.train(params, train, 600, valid_sets=[dataset(later, train)], callbacks=[stop])
        score = model.predict(self.x(frame), raw_score=True)
        smear = (y + c).sum() / ((b + c) * np.exp(score)).sum() if setup > 0 else 1.0
        return model, unit, smear, model.best_iteration or trees

    def predict(self, setup, fitted, frame):
        model, unit, smear, _ = fitted
        b, c = self.b(frame)
        score = model.predict(self.x(frame), raw_score=True)
        if setup == 0:
            return np.exp(score) * unit
        return np.maximum((b + c) * smear * np.exp(score) - c, 0.0)

    def judge(self, slices):
        tried = []
        for setup in range(3):
            later = slices.get("calibrate")
            if later is None:
                earlier = slices["train"].filter(pl.col("account_id").hash(seed=1) % 3 > 0)
                later = slices["train"].join(earlier, on=["account_id", "origin"], how="anti")
            else:
                earlier = slices["train"]
            fitted = self.fit(setup, earlier, later)
            choose = slices["choose"]
            loss = deviance(self.predict(setup, fitted, choose), choose["outcome/revenue"].to_numpy()).mean()
            tried.append((loss, setup, max(fitted[3], 1)))
        _, setup, trees = min(tried)
        before = pl.concat([slices[role] for role in ("train", "calibrate", "choose") if role in slices])
        fitted = self.fit(setup, before, None, trees)
        return self.SETUPS[setup], self.predict(setup, fitted, slices["locked"])


def lifetimes(frame, months):
    """Expected purchases times expected value, as of the locked origin."""
    from lifetimes import BetaGeoFitter, GammaGammaFitter

    x, tx, age, value = (
        frame[c].fill_null(0.0).to_numpy().astype(float)
        for c in ("repeat_order_days", "recency_days", "age_days", "value_per_order_day")
    )
    known = age > 0
    weeks = 7.0
    bgf = BetaGeoFitter(penalizer_coef=0.001).fit(x[known], tx[known] / weeks, age[known] / weeks)
    n = np.zeros(len(x))
    n[known] = bgf.conditional_expected_number_of_purchases_up_to_time(
        months * DAYS_PER_MONTH / weeks, x[known], tx[known] / weeks, age[known] / weeks
    )
    repeat = known & (x > 0) & (value > 0)
    ggf = GammaGammaFitter(penalizer_coef=0.001).fit(x[repeat] + 1, value[repeat])
    # of customers without a repeat purchase only the population's mean is known: p v / (q - 1)
    p, q, v = ggf.params_[["p", "q", "v"]]
    spend = np.full(len(x), p * v / (q - 1))
    spend[repeat] = ggf.conditional_expected_average_profit(x[repeat] + 1, value[repeat])
    return np.nan_to_num(n) * spend


def one(name, folder, arguments, headroom):
    def run(*command):
        subprocess.run([headroom, *command, "--project", folder, *arguments], check=True, capture_output=True)

    run("run")
    report = max((folder / "reports").iterdir())
    seen = folder / "seen"
    run("features", "--out", seen)
    tables = [pl.read_parquet(p).with_columns(origin=pl.lit(p.stem)) for p in sorted(seen.glob("*.parquet"))]
    slices = {}
    for table in tables:
        slices.setdefault(table["role"][0], []).append(table)
    slices = {role: pl.concat(parts, how="diagonal") for role, parts in slices.items()}
    found = next(
        t for t in json.loads((report / "report.json").read_text())["targets"] if t["target"] == "expected_revenue"
    )
    lines = [f"## {name}", ""]
    if "locked" not in slices:
        return lines + ["Too little history for an origin to judge on: nothing is claimed.", ""]
    locked = slices["locked"]
    origin = locked["origin"][0]
    months = int(arguments[arguments.index("--horizon") + 1])
    ours = pl.read_parquet(report / "backtest_predictions.parquet").filter(
        (pl.col("target") == "expected_revenue") & (pl.col("origin") == origin) & (pl.col("horizon_months") == months)
    )
    wide = locked.select("account_id").join(
        ours.pivot("rung", index="customer_id", values="predicted"), left_on="account_id", right_on="customer_id",
        how="left", maintain_order="left",
    )
    actual = locked["outcome/revenue"].to_numpy()
    baseline = wide[found["baseline"]].to_numpy()
    rows = [(f"**headroom publishes** `{found['published']}`", wide[found["published"]].to_numpy())]
    rows.append((f"the baseline `{found['baseline']}`", baseline))
    for column in [c for c in locked.columns if c.startswith("baseline/") and c.endswith("_revenue")][:6]:
        rows.append((f"baseline `{column[9:]}`", locked[column].to_numpy()))
    setup, predicted = LightGbm(slices, found["baseline"]).judge(slices)
    rows.append((f"LightGBM, {setup}", predicted))
    rows.append(("lifetimes, BG/NBD with Gamma-Gamma", lifetimes(locked, months)))
    lines += [
        f"{len(actual):,} accounts as of {origin}, horizon {months} months; {found['verdict']}.",
        "",
        "| as of the locked origin | deviance | skill over the baseline (90 %) | Spearman | total bias |",
        "|---|---|---|---|---|",
    ]
    for label, predicted in rows:
        value, low, high = skill(predicted, baseline, actual)
        bias = predicted.sum() / actual.sum() - 1.0
        lines.append(
            f"| {label} | {deviance(predicted, actual).mean():.4f} | {100 * value:+.1f} % ({100 * low:+.1f} to "
            f"{100 * high:+.1f}) | {spearman(predicted, actual):.3f} | {100 * bias:+.1f} % |"
        )
    lines += ["", "Every rung on the selection origins, where the choice was made:", "",
              "| step | rung | loss | skill (90 %) | outcome |", "|---|---|---|---|---|"]
    for rung in found["rungs"]:
        gain = rung["skill"]
        lines.append(
            f"| {rung['step']} | `{rung['rung']}` | {rung['loss']:.4f} | {100 * gain['value']:+.1f} % "
            f"({100 * gain['low']:+.1f} to {100 * gain['high']:+.1f}) | {rung['outcome']} |"
        )
    if found["coverage"]:
        lines += ["", "The 80 % prediction interval on the locked origin (10 % is meant to lie on either side):", "",
                  "| class | accounts | below | above | interval score | pooled residuals around the baseline |",
                  "|---|---|---|---|---|---|"]
    for part in found["coverage"]:
        lines.append(
            f"| {part['class'] or 'all'} | {part['n']:,} | {100 * part['below']:.1f} % | {100 * part['above']:.1f} % | "
            f"{part['interval_score']:,.0f} | {part['baseline_interval_score']:,.0f} |"
        )
    return [*lines, ""]


def seasons(work, headroom, companies, accounts):
    """Total bias of published expected revenue at every month of a year, against what the truth lets expect.

    What really came of one company says little: its total is carried by about a hundred accounts, and chance moves three
    months of it. The simulator tells the expectation (`expected_3`), so that only the model's own error is left."""
    lines = ["## Total bias at every month of the year", "",
             f"{accounts:,} simulated accounts (`--accounts`) with seasons and 6 % growth a year, horizon 3 months; {companies} a",
             "row (`--companies`), whose history ends in that month: the sum of expected revenue over the sum of what their truth",
             "lets expect. What came of one company is not compared with: few accounts carry its total, and chance moves three",
             "months of it.", "",
             "| as of | published | mean | each company | last three months carried forward |", "|---|---|---|---|---|"]
    for month in range(1, 13):
        ours, carried, rungs = [], [], set()
        for seed in range(21, 21 + companies):
            folder = work / f"months-{accounts}-{seed}-{month}"
            if not folder.exists():
                options = ["--accounts", str(accounts), "--months", str(60 + month), "--seed", str(seed), "--trend", "0.06"]
                subprocess.run([headroom, "simulate", "--out", folder, *options], check=True, stdout=subprocess.DEVNULL)
                subprocess.run([headroom, "run", "--project", folder, "--horizon", "3"], check=True, capture_output=True)
            report = max((folder / "reports").iterdir())
            targets = json.loads((report / "report.json").read_text())["targets"]
            rungs |= {t["published"] for t in targets if t["target"] == "expected_revenue"}
            scores = pl.read_parquet(report / "scores.parquet").filter(pl.col("population"))
            truth = pl.read_parquet(folder / "truth.parquet").filter(pl.col("customer_id").is_in(scores["customer_id"].implode()))
            expected = truth["expected_3"].sum()
            orders = pl.read_parquet(folder / "data/order_lines.parquet")
            at = orders["ordered_on"].max()
            recent = orders.filter(
                (pl.col("ordered_on") > pl.lit(at).dt.offset_by("-3mo").dt.month_end())
                & pl.col("customer_id").is_in(scores["customer_id"].implode())
            )["net_revenue"].cast(pl.Float64).sum()
            ours.append(scores["expected_revenue"].sum() / expected - 1)
            carried.append(recent / expected - 1)
        said = ", ".join(f"{100 * value:+.1f}" for value in ours)
        lines.append(
            f"| {at.year}-{at.month:02} | {', '.join(f'`{rung}`' for rung in sorted(rungs))} | {100 * np.mean(ours):+.1f} % | "
            f"{said} % | {100 * np.mean(carried):+.1f} % |"
        )
    return [*lines, ""]


def potential(example, seeds=20):
    """Headroom against the true one, by examples/potential."""
    said = subprocess.run([example, "--seeds", str(seeds)], check=True, capture_output=True, text=True)
    return ["## Headroom against the true one", "",
            f"`target/release/examples/potential --seeds {seeds}` (built by `cargo build --release --example potential`).", "",
            "<!-- potential: begin -->", said.stdout.strip(), "<!-- potential: end -->", ""]


def controls(work, headroom, seeds=40):
    """Companies whose orders are pure noise: on how many seeds is any of the three verdicts a yes?"""
    claimed = []
    for seed in range(seeds):
        with tempfile.TemporaryDirectory(dir=work) as folder:
            options = ["--noise", "--accounts", "300", "--months", "60", "--seed", str(1000 + seed)]
            subprocess.run([headroom, "simulate", "--out", folder, *options], check=True, stdout=subprocess.DEVNULL)
            command = [headroom, "backtest", "--project", folder, "--horizon", "12"]
            said = subprocess.run(command, check=True, capture_output=True, text=True)
        answers = (said.stdout + said.stderr).splitlines()
        verdicts = ("ranks accounts", "skill ", "potential ")
        if any(line.startswith(verdicts) and line[17:].strip().startswith("yes") for line in answers):
            claimed.append(1000 + seed)
    return [
        "## Negative control", "",
        f"300 simulated accounts whose orders are pure noise, 60 months, horizon 12: a claim (one of the three verdicts) on "
        f"**{len(claimed)} of {seeds} seeds** {claimed or ''} (2 are allowed). Shuffled labels and a company without "
        "persistence are tested by `cargo test -- --ignored negative_controls`.", "",
    ]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--headroom", default="headroom")
    parser.add_argument("--data", type=pathlib.Path, default=ROOT.parent / "shared/data")
    parser.add_argument("--work", type=pathlib.Path, default=pathlib.Path("results-work"))
    parser.add_argument("--only", default="", help="part of a section's title")
    parser.add_argument("--companies", type=int, default=3, help="companies a row of the table of total bias")
    parser.add_argument("--accounts", type=int, default=1000, help="accounts of a company of that table")
    parser.add_argument("--potential", type=pathlib.Path, help="the built example; without it its section stays")
    parser.add_argument("--out", type=pathlib.Path, default=ROOT / "docs/results.md")
    options = parser.parse_args()
    options.work.mkdir(parents=True, exist_ok=True)

    def write(section):
        """Replaces the section of that title, or appends it."""
        text = options.out.read_text() if options.out.exists() else "# Results\n\n"
        made = "\n".join(section).rstrip() + "\n"
        parts = re.split(r"(?m)^(?=## )", text)
        same = [i for i, part in enumerate(parts) if part.startswith(section[0] + "\n")]
        if same:
            parts[same[0]] = made + "\n"
        else:
            parts.append(made)
        options.out.write_text("".join(parts).rstrip() + "\n")

    for name, folder, arguments in histories(options.data, options.work, options.headroom):
        if options.only in name:
            print(name, file=sys.stderr)
            write(one(name, folder, arguments, options.headroom))
    if options.only in "Total bias at every month of the year":
        write(seasons(options.work, options.headroom, options.companies, options.accounts))
    if options.only in "Negative control":
        write(controls(options.work, options.headroom))
    if options.potential and options.only in "Headroom against the true one":
        write(potential(options.potential))


if __name__ == "__main__":
    main()
