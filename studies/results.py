"""`python -m studies.results`: what the pipeline finds in each example, written to docs/results.md.

The examples' own files are looked for beside the repository, in ../shared/data; the sample ships with a package.
"""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from pipeline.artifacts import write_bytes
from pipeline.errors import UserError
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

What `python -m pipeline` prints after each example; `python -m studies.results` writes this page anew. Every choice was
made on validation (`docs/choices.md`); test scores of earlier choices had been seen. Skill is 1 - MSE / MSE of the
simple forecast of the same days, p the two-sided Diebold-Mariano p-value; what they mean is told in `docs/method.md`.
"""


def main() -> None:
    kept, texts = PAGE.read_text(), {}
    for name in SHOWN:
        try:
            texts[name] = printed(name)
        except UserError as error:  # of a file that others do not have: what was found before stays
            print(error)
            texts[name] = kept.split(f"`examples/{name}.yaml`\n\n```\n")[1].split("\n```\n")[0]
    write_bytes(PAGE, page(texts).encode())


def page(texts: dict[str, str]) -> str:
    """The page, from what was printed for each example."""
    parts = [f"\n## {title}\n\n`examples/{name}.yaml`\n\n```\n{texts[name]}\n```\n" for name, title in SHOWN.items()]
    return HEAD + "".join(parts)


def printed(name: str) -> str:
    """What the summary says of an example, run in a folder of its own."""
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        params = study.committed(f"examples/{name}.yaml")
        place(params, folder)
        study.run(folder, params)
        return summary(folder)


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


def summary(folder: Path) -> str:
    """What `python -m pipeline` says of the run in a folder, but for where the reports lie."""
    command, environment = [sys.executable, "-m", "pipeline"], {**study.environment(), "COLUMNS": "120"}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=True)
    return "\n".join(line.rstrip() for line in done.stdout.split("What is in the data")[0].strip("\n").splitlines())


if __name__ == "__main__":
    main()
