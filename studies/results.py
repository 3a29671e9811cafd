"""Run every example and write its results to docs/results.md: `python -m studies.results`.

The data files of the examples are expected beside the repository, in ../shared/data. The sample data is in a package.
"""

import shutil
import sys
import tempfile
from pathlib import Path

from pipeline.io.artifacts import read_bytes, write_bytes
from pipeline.io.errors import UserError
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
    "google": "Google, 2012 to 2016, the file of the best-known tutorial",
    "niftyindices": "NIFTY 50, 1990 to 2024",
    "yahoo-csv": "^NSEI, 2007 to 2023",
    "markets": "S&P 500, NIFTY 50 and five US stocks, one network for all",
    "panel": "482 tickers of the S&P 500, 2015 to 2020",
    "date-value": "Melbourne's daily minimum temperature, 1981 to 1990",
    "hourly-sensor": "Beijing's hourly PM2.5, 2010 to 2014",
}
INTRODUCTION = """# Results

**One session ahead, the network forecasts the size of the price move better than HAR, but the price no better than
persistence.** On the temperature and the air quality it beats persistence. This page has the summary of each example;
`python -m studies.results` writes it. `docs/method.md` explains the models and the measures.

Every choice was made on validation (`docs/choices.md`), but test scores of earlier choices had been seen. The page that
an example writes, and `python -m pipeline models` after it, show more.
"""


def main() -> None:
    texts = {}
    with tempfile.TemporaryDirectory() as temporary:
        clone = study.clone_repository(Path(temporary) / "clone")
        for name in TITLES:
            params = study.read_params(f"examples/{name}.yaml")
            try:
                copy_data_files(params, clone)
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


def copy_data_files(params: study.Params, folder: Path) -> None:
    """Copy the data files that an example's params name into a clone. Raises UserError if one is missing."""
    scrape = params["scrape"]
    markets = [{**market, "path": f"{scrape['path']}/{market.get('path')}"} for market in scrape.get("markets", [])]
    for path in (Path(market["path"]) for market in markets or [scrape] if market["source"] == "file"):
        source = DATA_FOLDER / DATA_FILE_NAMES.get(path.name, path.name)
        if not source.exists():
            raise UserError(f"../shared/data/{source.name}: no such file beside the repository; the example needs it")
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, folder / path)


def results_text(folder: Path) -> str:
    """Return the summary that evaluate wrote in this folder."""
    return read_bytes(folder / "reports/summary.md").decode().rstrip()


if __name__ == "__main__":
    main()
