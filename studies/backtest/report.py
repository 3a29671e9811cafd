"""Score the forecasts and write the report: which model would one use, and how sure is that?"""

from pathlib import Path

import pandas as pd

from pipeline.evaluate.params import Params as Evaluate
from pipeline.io.artifacts import read_table, write_bytes, write_table
from pipeline.io.params import FILE, flat, load, load_all
from pipeline.io.stage import run
from pipeline.prepare.params import Params as Prepare
from pipeline.report.page import page
from pipeline.vega.__main__ import script
from studies.backtest import SECTIONS, results, scores
from studies.backtest.params import PIPELINE, Params


def main() -> None:
    own, pipeline = load_all(FILE, SECTIONS), load_all(PIPELINE)
    pooling = load("backtest", Params, own).pooling
    coverage, target = load("evaluate", Evaluate, pipeline).coverage, load("prepare", Prepare, pipeline).target
    forecasts, actual = read_table(Path("data/forecasts.parquet")), read_table(Path("data/actual.parquet"))
    sides = scores.side_by_side(forecasts, actual, pooling, log_price=target == "return")
    by_target = {each.target: each for each in sides}
    scored = pd.concat([scores.table(each) for each in by_target.values()], ignore_index=True)
    bands = scores.bands(by_target["price"], by_target["variance"], coverage, pooled=pooling[0] == "together")
    report = results.report(by_target, scored, bands, coverage)
    write_table(Path("data/scores.parquet"), scored, scores.SCHEMA)
    write_table(Path("data/bands.parquet"), bands, scores.BAND_SCHEMA)
    write_bytes(Path("reports/backtest.md"), report.markdown.encode())
    params = {"backtest": dict(flat(own["backtest"])), "train": dict(flat(pipeline["train"]))}
    template = "studies/backtest/page.html"
    html = page(template, report.tickers, report.figures, script=script(), params=params, **report.words)
    write_bytes(Path("reports/backtest.html"), html)
    print(report.headline)


if __name__ == "__main__":
    run("report", main)
