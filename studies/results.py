"""Run every example and write its results to docs/results.md: `python -m studies.results`.

The data files of the examples are expected beside the repository, in ../shared/data. The sample data is in a package.
"""

import shutil
import sys
import tempfile
from pathlib import Path

from pipeline.io.artifacts import read_record, read_table, write_bytes
from pipeline.io.errors import UserError
from pipeline.plot.tables import short
from pipeline.report.table import Table
from pipeline.scoring.verdict import Verdict
from studies import study

PAGE = study.ROOT / "docs/results.md"
DATA_FOLDER = study.ROOT.parent / "shared/data"
DATA_FILE_NAMES = {  # by the file name in the example, where the two names differ
    "nifty50.csv": "nifty50_niftyindices_1990_2024.csv",
    "nsei.csv": "NSEI_yahoo_2007_2023.csv",
    "sp500_482tickers.parquet": "sp500_482tickers_2015-01_2020-01.parquet",
}
TITLES = {  # by the name of the example
    "full-benchmark": "S&P 500, 1999 to 2018, every simple model",
    "dense": "S&P 500, a dense network",
    "classic": "S&P 500, the classic notebook",
    "niftyindices": "NIFTY 50, 1990 to 2024",
    "yahoo-csv": "^NSEI, 2007 to 2023",
    "panel": "482 tickers of the S&P 500, 2015 to 2020",
    "date-value": "Melbourne's daily minimum temperature, 1981 to 1990",
    "hourly-sensor": "Beijing's hourly PM2.5, 2010 to 2014",
}
INTRODUCTION = """# Results

**One session ahead, the network forecasts the size of the price move better than HAR, but the price no better than
persistence.** On the temperature and the air quality it beats persistence. A simple model often does as well. This page
has each example's test results, at the nearest and the farthest horizon. `python -m studies.results` writes it.

- **simple** is the baseline that the network is compared with. HAR is a regression on past variances. Persistence is
  "tomorrow equals today".
- **skill** is the share of the baseline's squared error that the network saves: 1 - MSE / MSE of the baseline, on the
  same days. Large is good; below 0 the baseline is better.
- **p** is the p-value of the Diebold-Mariano test. A small p is evidence of a difference (here p < 0.05).
- **R²** of a price level is high even for a useless forecast (`docs/method.md`).
- **interval score** compares bands. It counts the width and the values outside; small is good.

Every choice was made on validation (`docs/choices.md`), but test scores of earlier choices had been seen. The page that
an example writes, and `python -m pipeline` after it, show more.
"""


def main() -> None:
    texts = {}
    with tempfile.TemporaryDirectory() as temporary:
        clone = study.clone_repository(Path(temporary) / "clone")
        for name in TITLES:
            params = study.read_params(f"examples/{name}.yaml")
            try:
                copy_data_file(params, clone)
            except UserError as error:  # the data file is missing, so the earlier results stay
                print(error, file=sys.stderr)
                texts[name] = section_text(PAGE.read_text(), name)
                continue
            study.run(clone, params)
            texts[name] = results_text(clone)
            print(f"{name}: done", file=sys.stderr)
    write_bytes(PAGE, page(texts).encode())


def page(texts: dict[str, str]) -> str:
    """Return the page. texts: the results text of each example, by its name."""
    sections = [f"\n## {title}\n\n`examples/{name}.yaml`\n\n{texts[name]}\n" for name, title in TITLES.items()]
    return INTRODUCTION + "".join(sections)


def section_text(page: str, name: str) -> str:
    """Return the results text of one example from the page."""
    return page.split(f"`examples/{name}.yaml`\n\n")[1].split("\n\n## ")[0].rstrip()


def copy_data_file(params: study.Params, folder: Path) -> None:
    """Copy the data file that an example's params name into a clone. Raises UserError if the file is missing."""
    path = Path(params["scrape"]["path"])
    if params["scrape"]["source"] != "file":
        return
    source = DATA_FOLDER / DATA_FILE_NAMES.get(path.name, path.name)
    if not source.exists():
        raise UserError(f"../shared/data/{source.name}: no such file beside the repository; the example needs it")
    (folder / path).parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, folder / path)


def results_text(folder: Path) -> str:
    """Return the results in Markdown: the scores at the nearest and the farthest horizon, then the verdict."""
    verdict = read_record(folder / "data/verdict.json", Verdict)
    scores = read_table(folder / "data/scores.parquet")
    horizons = (" +1", f" +{scores['horizon'].max()}")
    table = short(verdict, scores)
    rows = [row for row in table.rows if row[0].endswith(horizons)]
    sentences = [f"- {text}" for text in (*verdict.sentences.values(), verdict.band)]
    return "\n".join([markdown(table._replace(rows=rows)), "", *sentences])


def markdown(table: Table) -> str:
    """Return a table in Markdown, without its caption. Text is aligned left, numbers right."""
    alignments = [":--" if is_text else "--:" for is_text in table.texts]
    return "\n".join(f"| {' | '.join(row)} |" for row in (table.heads, alignments, *table.rows))


if __name__ == "__main__":
    main()
