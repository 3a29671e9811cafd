"""Score the forecasts and write reports/backtest.html and reports/backtest.md: which model would one use, and how sure
is that?"""

from pathlib import Path

import pandas as pd

from pipeline.io.artifacts import read_table, write_bytes, write_table
from pipeline.io.params import flat
from pipeline.io.stage import run
from pipeline.report.page import page
from pipeline.vega.__main__ import script
from studies.backtest import results, scores
from studies.backtest.forecast import OUTPUT, data_of
from studies.backtest.params import settings


def main() -> None:
    chosen = settings()
    known = scores.known_values(data_of(chosen).rows)
    log_price = chosen.prepare.target == "return"
    sides = scores.side_by_side(read_table(OUTPUT), known, chosen.backtest.pooling, log_price=log_price)
    by_target = {each.target: each for each in sides}
    scored = pd.concat([scores.table(each) for each in by_target.values()], ignore_index=True)
    pooled = chosen.backtest.pooling[0] == "together"
    bands = scores.bands(by_target["price"], by_target["variance"], chosen.coverage, pooled=pooled)
    report = results.report(by_target, scored, bands, chosen.coverage)
    write_table(Path("data/scores.parquet"), scored, scores.SCHEMA)
    write_table(Path("data/bands.parquet"), bands, scores.BAND_SCHEMA)
    write_bytes(Path("reports/backtest.md"), report.markdown.encode())
    params = {"backtest": dict(flat(chosen.backtest.model_dump())), "train": dict(flat(chosen.train.model_dump()))}
    html = page(
        "studies/backtest/page.html", report.tickers, report.figures, script=script(), params=params, **report.words
    )
    write_bytes(Path("reports/backtest.html"), html)
    print(report.headline)


if __name__ == "__main__":
    run("report", main)
