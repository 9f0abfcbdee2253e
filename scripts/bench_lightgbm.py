"""Our gradient boosting beside LightGBM: the same arrays, the same hyperparameters, one after the other.

    pip install numpy lightgbm
    python scripts/bench_lightgbm.py [--rows 1000000] [--columns 60] [--trees 200] [--threads 2]

Goals (issue 4): at most 2 times the fit time, 1.5 times the memory, loss within 1 %. Run it on a machine that does
nothing else; `cpu_seconds` (of the whole process, reading included) is printed beside the wall clock for when it does.
"""

import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent


def draw(folder, rows, columns):
    import numpy as np

    rng = np.random.default_rng(1)
    test = rows // 5
    x = rng.uniform(-1, 1, (rows + test, columns))
    # a third of the columns are counts, as in real tables
    x[:, ::3] = np.floor(np.exp(3 * x[:, ::3]))
    mean = np.exp(0.2 * np.log1p(x[:, 0]) + x[:, 1] + x[:, 2] * x[:, 4] + np.where(x[:, 5] > 0.3, 0.8, 0.0))
    y = np.where(rng.uniform(size=rows + test) < 0.3, 0.0, rng.exponential(size=rows + test) * mean)
    # every tenth value of every fourth column is missing
    x[::10, ::4] = np.nan
    for name, part in (("", slice(0, rows)), ("_test", slice(rows, None))):
        x[part].astype("<f8").tofile(folder / f"x{name}.f64")
        y[part].astype("<f8").tofile(folder / f"y{name}.f64")


def lightgbm(folder, loss, trees, threads):
    import lightgbm as lgb
    import numpy as np

    def read(part):
        y = np.fromfile(folder / f"y{part}.f64")
        return np.fromfile(folder / f"x{part}.f64").reshape(len(y), -1), y

    x, y = read("")
    objective = {"squared": "regression", "tweedie": "tweedie", "pinball": "quantile"}[loss]
    params = {"objective": objective, "num_leaves": 31, "learning_rate": 0.1, "min_data_in_leaf": 20, "max_bin": 255,
              "num_threads": threads, "alpha": 0.9, "tweedie_variance_power": 1.5, "verbose": -1}
    start = time.perf_counter()
    data = lgb.Dataset(x, y, params=params).construct()
    binned = time.perf_counter()
    model = lgb.train(params, data, trees)
    fitted = time.perf_counter()
    x_test, y_test = read("_test")
    f = model.predict(x_test)
    predicted = time.perf_counter()
    value = {
        "squared": lambda: (y_test - f) ** 2,
        "tweedie": lambda: 2 * (y_test**0.5 / -0.25 + y_test * f**-0.5 / 0.5 + f**0.5 / 0.5),
        "pinball": lambda: np.where(y_test >= f, 0.9 * (y_test - f), 0.1 * (f - y_test)),
    }[loss]().mean()
    status = pathlib.Path("/proc/self/status").read_text()
    peak = int(next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1]) // 1024
    print(json.dumps({"loss": loss, "rows": len(y), "columns": x.shape[1], "trees": trees,
                      "binning_seconds": round(binned - start, 2), "fit_seconds": round(fitted - start, 2),
                      "predict_seconds": round(predicted - fitted, 2), "test_loss": round(float(value), 6),
                      "cpu_seconds": round(time.process_time(), 2), "peak_mib": peak}))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--columns", type=int, default=60)
    parser.add_argument("--trees", type=int, default=200)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--ours", nargs="*", default=["cargo", "bench", "--no-default-features", "--bench", "boosting", "--"])
    parser.add_argument("--lightgbm", metavar="FOLDER LOSS", nargs=2, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.lightgbm:
        lightgbm(pathlib.Path(arguments.lightgbm[0]), arguments.lightgbm[1], arguments.trees, arguments.threads)
        return
    load = os.getloadavg()[0]
    if load > 0.5:
        print(f"warning: load is {load:.1f}; wall clocks will not be comparable", file=sys.stderr)
    threads = {**os.environ, "RAYON_NUM_THREADS": str(arguments.threads)}
    with tempfile.TemporaryDirectory() as folder:
        draw(pathlib.Path(folder), arguments.rows, arguments.columns)
        for loss in ("squared", "tweedie", "pinball"):
            theirs = [sys.executable, __file__, "--lightgbm", folder, loss, "--trees", str(arguments.trees),
                      "--threads", str(arguments.threads)]
            ours = [*arguments.ours, folder, loss, str(arguments.trees)]
            results = [json.loads(subprocess.run(command, cwd=ROOT, env=threads, check=True, stdout=subprocess.PIPE)
                                  .stdout.splitlines()[-1]) for command in (theirs, ours)]
            for name, result in zip(("lightgbm", "headroom"), results):
                print(name, json.dumps(result))
            ratios = {key: round(results[1][key] / results[0][key], 3)
                      for key in ("fit_seconds", "cpu_seconds", "peak_mib", "test_loss")}
            print("ratio   ", json.dumps({"loss": loss, **ratios}), flush=True)


if __name__ == "__main__":
    main()
