"""Measure the speed of the pipeline, and write docs/bench.md: `make bench`. `python -m studies.bench panel` measures
one part again and keeps the others.

All runs are in a clone of the last commit. Two things that are compared run in turn, and each time is the median of
several runs. The panel of 482 tickers is expected beside the repository, in ../shared/data; without it, its table is
left out and the page says so.
"""

import pipeline  # isort: skip  # pins the CPU code paths before anything loads numpy

import importlib
import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

import pandas as pd

from pipeline.formats import Table
from pipeline.io.artifacts import read_json, read_table, write_json
from pipeline.io.params import SECTIONS, load, parse_yaml
from pipeline.verify.machine import libc, processor
from studies import study
from studies.results import DATA_FOLDER

PAGE = study.ROOT / "docs/bench.md"
RUNS = 3
STAGES = tuple(parse_yaml((study.ROOT / "dvc.yaml").read_text())["stages"])
EDITS: dict[str, list[Any]] = {
    "plot.sessions": [240, 230, 220],
    "evaluate.coverage": [0.8, 0.85, 0.95],
    "train.learning_rate": [0.0011, 0.0012, 0.0013],
}
PANEL = DATA_FOLDER / "sp500_482tickers_2015-01_2020-01.parquet"
PANEL_SIZES = (1, 10, 100, 482, 2000)
LIMITS = """What limits 10,000 tickers: all stages from `scrape` to `evaluate` hold the rows of all tickers in memory,
so they need about five times what 2,000 tickers need. `explore` correlates each ticker with each other one.
A page grows with each ticker. One would store the samples by groups of tickers, run these stages one group
after the other (nothing in them but the pooled scores needs all tickers at once), and show some of the
tickers."""
MIB = 2**20
TICKERS = 5
BACKTESTS = ((2, 1, 2), (2, TICKERS, 2), (4, 1, 1), (4, 1, 2))  # years, tickers, workers; the last one is used on paper


class Shape(NamedTuple):
    """A network and how long it is trained."""

    window: int
    features: int
    units: int
    batch_size: int
    layers: int
    epochs: int
    members: int


SHAPES = [
    Shape(10, 10, 16, 128, 1, epochs=20, members=5),
    Shape(60, 5, 50, 32, 2, epochs=50, members=1),
    Shape(60, 8, 128, 64, 1, epochs=50, members=1),
    Shape(30, 8, 32, 256, 1, epochs=50, members=5),
]
N_SAMPLES = 3400  # as many as the sample data has for train


def introduction() -> str:
    """Return the head of the page, with a description of this machine."""
    return (
        "# Speed\n\n`make bench` writes this page. Times are wall-clock seconds, each the median of several runs.\n\n"
        f"Machine: {processor()}, {os.cpu_count()} processors, {libc()}, Python {sys.version.split()[0]}."
    )


def run(clone: Path, *command: str, **more: str) -> tuple[float, str]:
    """Run a Python module in a clone. Return the seconds and what it printed. more: environment variables."""
    environment = {name: value for name, value in study.environment().items() if name not in pipeline.PINS} | more
    started = time.perf_counter()
    done = subprocess.run([sys.executable, "-m", *command], cwd=clone, env=environment, capture_output=True, text=True)
    seconds = time.perf_counter() - started
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)}: exit status {done.returncode}\n{done.stdout}\n{done.stderr}")
    return seconds, done.stdout


def medians(runs: int, *measured: Callable[[], float]) -> list[float]:
    """Return the median seconds of each function. They are called in turn."""
    seconds = [[function() for function in measured] for _ in range(runs)]
    return [median(column) for column in zip(*seconds, strict=True)]


def cold(folder: Path) -> str:
    """Compare `dvc repro` from nothing with one process, and a repro without changes with `dvc status`."""
    clones = iter(range(100))

    def new() -> Path:
        return study.clone_repository(folder / f"cold-{next(clones)}")

    repro, process = medians(
        RUNS, lambda: run(new(), "dvc", "repro")[0], lambda: run(new(), "studies.bench", "all-stages")[0]
    )
    clone = folder / "cold-0"
    no_change, status = medians(5, lambda: run(clone, "dvc", "repro")[0], lambda: run(clone, "dvc", "status")[0])
    rows = [
        ["all stages, nothing cached", "`dvc repro`", f"{repro:.1f}", "one Python process", f"{process:.1f}"],
        ["nothing changed", "`dvc repro`", f"{no_change:.2f}", "`dvc status`", f"{status:.2f}"],
    ]
    rows = [[*row, f"{ratio:.2f}"] for row, ratio in zip(rows, (repro / process, no_change / status), strict=True)]
    return Table("", ["", "command", "s", "compared with", "s", "ratio"], rows).markdown


def edits(folder: Path) -> str:
    """Time `dvc repro` after a change of one key, and the stages that it runs."""
    clone, rows = folder / "cold-0", []
    if not clone.exists():
        run(study.clone_repository(clone), "dvc", "repro")
    params = parse_yaml((clone / "params.yaml").read_text())
    for key, values in EDITS.items():
        seconds: list[float] = []
        by_stage: dict[str, list[tuple[float, float]]] = {}
        for value in values:
            study.write_params(clone, study.with_changes(params, {key: value}))
            taken, printed = run(clone, "dvc", "repro")
            seconds.append(taken)
            for stage, both in stage_times(printed).items():
                by_stage.setdefault(stage, []).append(both)
        stages = [
            f"{stage} {' + '.join(f'{median(part):.1f}' for part in zip(*both, strict=True))}"
            for stage, both in by_stage.items()
        ]
        rows.append([f"`{key}`", f"{median(seconds):.1f}", ", ".join(stages)])
    return Table("", ["changed key", "s", "stages: start-up + work, s"], rows).markdown


def stage_times(printed: str) -> dict[str, tuple[float, float]]:
    """Return start-up and work of each stage, in seconds, from what `dvc repro` printed."""
    lines = re.findall(r"^(\w+): ([\d.]+) s of work after ([\d.]+) s of start-up$", printed, re.MULTILINE)
    return {stage: (float(start), float(work)) for stage, work, start in lines}


def training(_: Path) -> str:
    """Compare training with Keras's `fit`, which returns to Python after each batch."""
    header = [
        "window, features, units, batch, layers",
        "unrolled",
        "epochs x networks",
        "Keras's `fit`, s",
        "ours, s",
        "ratio",
    ]
    rows = []
    for shape in SHAPES:
        printed = run(study.ROOT, "studies.bench", "training", json.dumps(shape))[1]
        measured = json.loads(printed.splitlines()[-1])
        by_fit, ours = measured["fit"], measured["ours"]
        rest = shape.epochs * shape.members - 1
        theirs = shape.members * (by_fit[0] + (shape.epochs - 1) * median(by_fit[1:]))
        whole = ours[0] + rest * median(ours[1:])
        rows.append(
            [
                ", ".join(map(str, shape[:5])),
                "yes" if measured["unrolled"] else "no",
                f"{shape.epochs} x {shape.members}",
                f"{theirs:.1f}",
                f"{whole:.1f}",
                f"{theirs / whole:.1f}",
            ]
        )
    text = (
        f"{N_SAMPLES:,} samples of random numbers. A time is the first epoch, which traces the graph, "
        "plus the median epoch times the number of the other epochs. `fit` traces again for each member.\n\n"
    )
    return text + Table("", header, rows).markdown


def train_both(shape: Shape) -> dict[str, Any]:
    """Return the seconds of the first epochs by Keras's `fit` and by `Training`."""
    import numpy as np

    from pipeline.forecaster import network, samples
    from pipeline.train.fitting import unrolls
    from pipeline.train.params import Params
    from pipeline.train.training import Dataset, Training

    section = study.read_params("params.yaml")["train"]
    params = Params.model_validate(
        {
            **section,
            "window": shape.window,
            "units": [shape.units] * shape.layers,
            "batch_size": shape.batch_size,
            "epochs": shape.epochs,
        }
    )
    random = np.random.default_rng(0)
    features = random.normal(size=(N_SAMPLES + shape.window, shape.features)).astype(np.float32)
    origins = np.arange(shape.window, N_SAMPLES + shape.window, dtype=np.int32)
    targets = random.normal(size=(N_SAMPLES, 5)).astype(np.float32)
    network.seed(0)
    build = partial(network.build, (shape.window, shape.features), 5, has_baseline=True, **params.architecture)
    model, unroll = build(), unrolls(params, N_SAMPLES)
    unrolled = build(unroll=unroll)
    graph = Training(unrolled, features, params)
    order = random.permutation(N_SAMPLES).astype(np.int32)
    windows = samples.windows(features, origins.astype(np.intp), shape.window)
    model.compile("adamw", "mse")
    train = Dataset(origins, targets)
    by_fit, ours = [], []
    for _ in range(6):
        started = time.perf_counter()
        model.fit(windows, targets, batch_size=shape.batch_size, verbose=0)
        by_fit.append(time.perf_counter() - started)
        started = time.perf_counter()
        graph.epoch(train, order)
        ours.append(time.perf_counter() - started)
    return {"fit": by_fit, "ours": ours, "unrolled": unroll}


def panel(folder: Path) -> str:
    """Time the stages with a growing number of tickers, and measure their memory."""
    if not PANEL.exists():
        return f"Not measured: ../shared/data/{PANEL.name} is not beside the repository."
    clone = study.clone_repository(folder / "panel")
    params = study.read_params("examples/panel.yaml")
    params = study.with_changes(params, {"scrape.path": "data/raw/panel.parquet", "prepare.exclude_tickers": []})
    study.write_params(clone, params)
    measured: dict[str, list[dict[str, float]]] = {}
    for size in PANEL_SIZES:
        panel_prices(size).to_parquet(clone / "data/raw/panel.parquet")
        for stage in STAGES[:-1]:
            _, printed = run(clone, "studies.bench", "stage", stage)
            measured.setdefault(stage, []).append(json.loads(printed.splitlines()[-1]))
    names = [f"{size:,}" for size in PANEL_SIZES]
    seconds = [[stage, *(f"{one['seconds']:.1f}" for one in rows)] for stage, rows in measured.items()]
    memory = [
        [stage, *(memory_text(one["peak"] / MIB, 3 * one["tables"] / MIB + 400) for one in rows)]
        for stage, rows in measured.items()
    ]
    return "\n\n".join(
        [
            "The panel of `examples/panel.yaml`, 1,228 sessions; 2,000 tickers are the same ones several times. "
            "Seconds of each stage with its start-up, one run:",
            Table("", ["stage", *names], seconds).markdown,
            "Peak memory above the start-up in MiB, and what we aim at: at most three times the tables that the stage "
            "reads, plus 400 MiB. **Bold** numbers are above it:",
            Table("", ["stage", *names], memory).markdown,
            LIMITS,
        ]
    )


def memory_text(peak: float, aim: float) -> str:
    """Return the peak memory of a stage beside the aim, bold if it is above it. peak, aim: MiB."""
    mark = "**" if peak > aim else ""
    return f"{mark}{peak:,.0f}{mark} of {aim:,.0f}"


def backtest(folder: Path) -> str:
    """Time the stage forecast of the backtest, with more years, tickers and workers."""
    home = study.clone_repository(folder / "backtest") / "studies/backtest"
    params = parse_yaml((home / "params.yaml").read_text())
    rows, seconds = [], {}
    for years, tickers, workers in BACKTESTS:
        changes = {"backtest.first_year": 2019 - years, "backtest.seeds": [0]}
        study.write_params(home, study.with_changes(params, changes))
        limits = {"PYTHONPATH": "../..", "LOKY_MAX_CPU_COUNT": str(workers)}
        run(home, "studies.backtest.scrape", **limits)
        repeat_prices(home, tickers)
        shutil.rmtree(home / "data/tasks", ignore_errors=True)
        taken, _ = run(home, "studies.backtest.forecast", **limits)
        tasks = 2 * years  # a network, and all simple models
        seconds[tickers, workers] = taken * workers / tasks
        rows.append(
            [str(years), str(tickers), str(workers), str(tasks), f"{taken:.0f}", f"{taken * workers / tasks:.1f}"]
        )
    alone = seconds[1, 2]
    more = (seconds[TICKERS, 2] - alone) / (TICKERS - 1)
    return "\n\n".join(
        [
            "The stage `forecast` on the sample, with a network for one seed and all simple models of "
            "`studies/backtest/params.yaml`; more tickers are the same one several times.",
            Table("", ["years", "tickers", "workers", "tasks", "s", "s of a worker for a task"], rows).markdown,
            f"On paper: 5,000 tickers alone, 10 years and 3 seeds are {5000 * 40:,} tasks, or "
            f"{5000 * 40 * alone / 3600:,.0f} hours of one core; tasks do not wait for each other, so a cluster "
            f"divides that by its cores. Together they are 40 tasks, each {alone + 4999 * more:,.0f} s by the "
            f"growth from 1 to {TICKERS} tickers, so at most 40 cores are busy, and each worker holds all rows.",
        ]
    )


def repeat_prices(home: Path, tickers: int) -> None:
    """Give the prices of a folder's one ticker to several."""
    prices, scraped = home / "data/prices.parquet", home / "reports/scrape.json"
    frame, report = read_table(prices), read_json(scraped)
    ((name, told),) = report["tickers"].items()
    names = [f"{name} {number}" for number in range(tickers)]
    write_json(scraped, {**report, "tickers": dict.fromkeys(names, told)})
    pd.concat([frame.assign(ticker=each) for each in names]).to_parquet(prices)


def panel_prices(size: int) -> pd.DataFrame:
    """Return the prices of so many tickers. With more than the panel has, tickers are repeated under other names."""
    prices = pd.read_parquet(PANEL)
    prices = prices[prices["ticker"] != "BHF"]  # its prices are wrong
    names = prices["ticker"].unique()[:size]
    chosen = prices[prices["ticker"].isin(names)]
    copies = [chosen.assign(ticker=chosen["ticker"] + suffix) for suffix in ["", *(f".{i}" for i in range(1, 5))]]
    many = pd.concat(copies[: -(-size // len(names))])
    return many[many["ticker"].isin(many["ticker"].unique()[:size])].reset_index(drop=True)


def measure_stage(stage: str) -> dict[str, float]:
    """Run a stage in this process. Return its seconds, and in bytes its peak memory and the size of what it reads."""
    started = time.perf_counter()
    module = importlib.import_module(f"pipeline.{stage}.__main__")
    before = memory("VmRSS")
    module.main(*arguments(stage))
    seconds = time.perf_counter() - started
    deps = parse_yaml(Path("dvc.yaml").read_text())["stages"][stage]["deps"]
    files = [dep.replace("${scrape.path}", "data/raw/panel.parquet") for dep in deps]
    tables = [pd.read_parquet(name) for name in files if name.endswith(".parquet")]
    highest = memory("VmHWM")
    size = sum(int(frame.memory_usage(deep=True).sum()) for frame in tables)
    return {"seconds": seconds, "peak": highest - before, "tables": size}


def memory(field: str) -> int:
    """Return the memory of this process in bytes: VmRSS now, VmHWM the peak. (ru_maxrss counts the parent's too.)"""
    kib = re.search(rf"^{field}:\s+(\d+) kB$", Path("/proc/self/status").read_text(), re.MULTILINE)
    assert kib
    return int(kib[1]) * 1024


def arguments(stage: str) -> list[Any]:
    """Return what the main function of a stage takes: its section of params.yaml, if it has one."""
    if stage not in SECTIONS:
        return []
    params = importlib.import_module(f"pipeline.{stage}.params")  # not pipeline.settings, which imports all of them
    return [load(stage, params.SOURCES if stage == "scrape" else params.Params)]


PARTS = {
    "cold": ("DVC's share", cold),
    "edits": ("From an edit to the verdict", edits),
    "training": ("Training", training),
    "panel": ("Many tickers", panel),
    "backtest": ("Backtest", backtest),
}


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["all-stages"]:
            for name in STAGES:
                importlib.import_module(f"pipeline.{name}.__main__").main(*arguments(name))
        case ["stage", name]:
            print(json.dumps(measure_stage(name)))
        case ["training", shape]:
            print(json.dumps(train_both(Shape(*json.loads(shape)))))
        case names:
            study.write_parts(PAGE, introduction(), PARTS, names)
