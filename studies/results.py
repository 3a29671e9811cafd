"""`python -m studies.results`: what the pipeline finds in each example, written to docs/results.md.

The examples' own files are looked for beside the repository, in ../shared/data; the sample ships with a package.
"""

import shutil
import sys
import tempfile
from pathlib import Path

from pipeline.io.artifacts import read_bytes, write_bytes
from pipeline.io.errors import UserError
from studies import study

PAGE = study.ROOT / "docs/results.md"
SHARED = study.ROOT.parent / "shared/data"
# Under other names there than in the examples.
NAMES = {
    "nifty50.csv": "nifty50_niftyindices_1990_2024.csv",
    "nsei.csv": "NSEI_yahoo_2007_2023.csv",
    "sp500_482tickers.parquet": "sp500_482tickers_2015-01_2020-01.parquet",
}
SHOWN = {
    "full-benchmark": "S&P 500, 1999 to 2018, every simple model",
    "dense": "S&P 500, a dense network",
    "classic": "S&P 500, the classic notebook",
    "niftyindices": "NIFTY 50, 1990 to 2024",
    "yahoo-csv": "^NSEI, 2007 to 2023",
    "panel": "482 tickers of the S&P 500, 2015 to 2020",
    "date-value": "Melbourne's daily minimum temperature, 1981 to 1990",
    "hourly-sensor": "Beijing's hourly PM2.5, 2010 to 2014",
}
HEAD = """# Results

This page has the summary of each example. `python -m studies.results` writes it again. Every choice was made on
validation (`docs/choices.md`), but the test scores of earlier choices had been seen. `docs/method.md` explains the
models and the measures.
"""


def main() -> None:
    texts = {}
    with tempfile.TemporaryDirectory() as temporary:
        clone = study.cloned(Path(temporary) / "clone")
        for name in SHOWN:
            params = study.committed(f"examples/{name}.yaml")
            try:
                place(params, clone)
            except UserError as error:  # a file that others do not have: what was found before stays
                print(error, file=sys.stderr)
                texts[name] = part(PAGE.read_text(), name)
                continue
            study.run(clone, params)
            texts[name] = told(clone)
            print(f"{name}: done", file=sys.stderr)
    write_bytes(PAGE, page(texts).encode())


def page(texts: dict[str, str]) -> str:
    """The page, from what was found in each example."""
    return HEAD + "".join(f"\n## {title}\n\n`examples/{name}.yaml`\n\n{texts[name]}\n" for name, title in SHOWN.items())


def part(page: str, name: str) -> str:
    """What a page tells of an example."""
    return page.split(f"`examples/{name}.yaml`\n\n")[1].split("\n\n## ")[0].rstrip()


def place(params: study.Params, folder: Path) -> None:
    """Copy the file an example's params name to where they look for it. Raises UserError where it is not there."""
    path = Path(params["scrape"]["path"])
    if params["scrape"]["source"] != "file":
        return
    kept = SHARED / NAMES.get(path.name, path.name)
    if not kept.exists():
        raise UserError(f"../shared/data/{kept.name}: no such file beside the repository; the example needs it")
    (folder / path).parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(kept, folder / path)


def told(folder: Path) -> str:
    """The summary that evaluate wrote in this folder."""
    return read_bytes(folder / "reports/summary.md").decode().rstrip()


if __name__ == "__main__":
    main()
