"""`python -m pipeline`: how the last `dvc repro` went, on a terminal."""

import sys
from pathlib import Path
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from pipeline.artifacts import read_json
from pipeline.errors import UserError
from pipeline.metrics import caption, lines
from pipeline.verdict import chance

REPORTS = ("reports/explore.html", "reports/forecast.html")


def scores(metrics: dict[str, Any]) -> Table:
    """The test scores: each target and horizon, the network beside the simple forecast it is judged against."""
    table = Table(title=caption(metrics), title_justify="left", title_style="bold", box=SIMPLE_HEAD, padding=0)
    for head in ("target", "RMSE", "R²", "simple", "its RMSE", "its R²", "skill", "p"):
        table.add_column(head, justify="left" if head in ("target", "simple") else "right")
    forms = ["#.5g", ".4f", "", "#.5g", ".4f", "+.4f"]
    for target, horizon, reference, own, rival in lines(metrics):
        cells = [own["rmse"], own["r2"], reference, rival["rmse"], rival["r2"], own["skill"]]
        table.add_row(f"{target} +{horizon}", *map(shown, cells, forms), chance(own["p_value"]))
    return table


def shown(value: float | str | None, form: str) -> str:
    return "" if value is None else f"{value:{form}}"


def main() -> None:
    try:
        metrics = read_json(Path("reports/metrics.json"))
    except UserError as error:
        sys.exit(str(error))
    console = Console(soft_wrap=True, highlight=False)
    console.print(scores(metrics))
    for sentence in metrics["verdict"].values():
        console.print(sentence, style="bold")
    console.print(f"What is in the data: {REPORTS[0]}\nThe forecast, and how far to trust it: {REPORTS[1]}")


if __name__ == "__main__":
    main()
