"""Show the forecast and how reliable it is."""

from itertools import chain
from pathlib import Path

import pandas as pd

from pipeline.forecaster.preparation import Preparation
from pipeline.io.artifacts import digest, read_bytes, read_record, read_table, write_bytes, write_csv
from pipeline.io.params import flat, load_all
from pipeline.io.stage import run
from pipeline.plot import page, record
from pipeline.plot.params import Params
from pipeline.report.page import picture
from pipeline.scoring.results import skills
from pipeline.scoring.verdict import Verdict

MADE_BY = ("prepare", "benchmark", "train", "evaluate")  # sections whose parameters the report shows


def main(params: Params) -> None:
    path, history = Path("data/predictions.parquet"), read_table(Path("data/history.parquet"))
    last = read_table(path, columns=["ticker", "origin"]).groupby("ticker")["origin"].max()
    predictions = read_table(path, where=[[("horizon", "==", 1)], [("origin", "in", set(last))]])
    verdict = read_record(Path("data/verdict.json"), Verdict)
    preparation = read_record(Path("data/preparation.json"), Preparation)
    scores, bands = read_table(Path("data/scores.parquet")), read_table(Path("data/bands.parquet"))
    tested, params_file = page.tested(predictions), load_all()
    tickers = page.tickers(predictions, verdict, preparation, params.sessions)
    first = next(tickers)
    common = page.common(verdict, scores, bands, history)
    html = page.html(
        verdict,
        chain([first], tickers),
        common,
        scores,
        bands,
        downsampling_note=page.downsampling_note(int(tested.groupby("ticker").size().max()), len(last)),
        missing=[f"{name} ({count})" for name, count in preparation.missing.items() if count],
        script=read_bytes(Path("reports/vega.js")).decode(),
        params={name: dict(flat(params_file[name])) for name in MADE_BY},
        digest=digest(read_bytes(path)),
        record=record.section(pd.read_csv("reports/record.csv", parse_dates=["date"]), verdict),
    )
    write_bytes(Path("reports/forecast.html"), html)
    forecast = picture(first, "predicted", persistence=True)  # a picture has no switch
    write_bytes(Path("reports/forecast.png"), forecast)
    columns = ["date", "actual", "predicted", "persistence", "lower", "upper"]
    write_csv(Path("reports/predicted.csv"), tested.loc[tested["ticker"] == first.name, columns])
    write_csv(Path("reports/loss.csv"), history)
    write_csv(Path("reports/skill.csv"), skills(scores, verdict.baselines, verdict.series))


if __name__ == "__main__":
    run("plot", main, Params)
