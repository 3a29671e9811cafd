"""The rules of the house, held over the AST: who may import whom, who may touch the world, what DVC must know."""

import ast
import json
import re

import pytest
from ruamel.yaml import YAML

from pipeline.io.params import SECTIONS
from tests.imports import PATHS, ROOT, closure, files, imported, listed, packages

DVC = YAML(typ="safe").load(ROOT / "dvc.yaml")
PARAMS = YAML(typ="safe").load(ROOT / "params.yaml")
STAGES = list(DVC["stages"])

OWNERS = {
    "altair": "pipeline.report.charts",
    "vl_convert": "pipeline.report.charts",  # the pictures; the script is a stage of its own, which needs no more
    "jinja2": "pipeline.report.page",
    "tsdownsample": "pipeline.report.figures",
    "arch.unitroot": "pipeline.explore.summary",
    "arch.univariate": "pipeline.models.garch",
    "sklearn.linear_model": "pipeline.models.regressors",
    "sklearn.ensemble": "pipeline.models.regressors",
    "keras": "pipeline.forecaster.network",
    "tensorflow": "pipeline.forecaster.network",
    "exchange_calendars": "pipeline.calendars",
    "ruamel": "pipeline.io.params",
    "pyarrow.parquet": "pipeline.io.artifacts",
    "h5py": "pipeline.verify.differences",
    "rich": "pipeline.__main__",
    "argparse": "pipeline.__main__",
    "yfinance": "pipeline.scrape.yahoo",
    "curl_cffi": "pipeline.scrape.yahoo",
    "stamina": "pipeline.scrape.yahoo",
}
BUNDLERS = {"vl_convert": {"pipeline.vega.__main__"}}  # whose script is written down, for others to read
# What may touch files, clock or environment: the doors, the stages, the sources, and what is typed by people.
DOORS = {
    "pipeline",
    "pipeline.io.artifacts",
    "pipeline.io.params",
    "pipeline.io.stage",
    "pipeline.forecaster.ensemble",
    "pipeline.forecaster.forecaster",
    "pipeline.scrape.file",
    "pipeline.scrape.sample",
    "pipeline.scrape.yahoo",
    "pipeline.track.model",
    "pipeline.track.runs",
    "pipeline.track.served",
    "pipeline.track.store",
} | {f"pipeline.{stage}.__main__" for stage in STAGES}
COMMANDS = {name for name in PATHS if name.startswith(("pipeline.verify", "pipeline.serving"))} | {
    "pipeline.__main__",
    "pipeline.from_file",
    "pipeline.programs",
    "pipeline.record",
    "pipeline.settings",
    "pipeline.update",
    "pipeline.why",
}
# Whose parameters, beside its own, a stage tells its readers.
TOLD = {"track": set(SECTIONS), "plot": {"prepare", "benchmark", "train", "evaluate"}}
UNTUNED = {"vega", "predict"}  # have no section: the package or the models say all
NOUNS = sorted(set(PATHS) - DOORS - COMMANDS)


def room_of(name: str) -> str:
    """The folder of a module: pipeline.train.fitting -> train; empty for a module of no folder."""
    folder = PATHS[name].parent.relative_to(ROOT / "pipeline")
    return "" if str(folder) == "." else folder.parts[0]


def deps_of(stage: str) -> list[str]:
    return [dep for dep in DVC["stages"][stage]["deps"] if dep.startswith("pipeline/")]


@pytest.mark.parametrize(("package", "owner"), OWNERS.items())
def test_each_outside_thing_has_one_owner(package: str, owner: str) -> None:
    users = {name for name in PATHS for found in imported(name) if found == package or found.startswith(f"{package}.")}
    assert users - BUNDLERS.get(package, set()) == {owner}


def test_mlflow_is_for_what_records_runs_and_for_what_uses_them() -> None:
    users = {name for name in PATHS for found in imported(name) if found.split(".")[0] == "mlflow"}
    assert {room_of(name) for name in users} == {"track", "serving"}


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_imports_its_own_folder_and_what_is_shared(stage: str) -> None:
    rooms = {room_of(name) for name in closure(f"pipeline.{stage}.__main__")}
    assert rooms & set(STAGES) == {stage}


def test_what_is_shared_imports_no_stage() -> None:
    for name in set(PATHS) - COMMANDS:
        if room_of(name) not in STAGES:
            assert not {room_of(own) for own in closure(name)} & set(STAGES), name


def test_the_forecaster_imports_neither_the_simple_models_nor_scores_nor_pages() -> None:
    for name in PATHS:
        if room_of(name) == "forecaster":
            assert not {room_of(own) for own in closure(name)} & {"models", "scoring", "report"}, name


@pytest.mark.parametrize("noun", NOUNS)
def test_a_noun_touches_no_file_clock_or_environment(noun: str) -> None:
    outside = {"os", "time", "datetime", "random", "socket", "subprocess", "urllib", "shutil", "pathlib", "tempfile"}
    calls = {
        ast.unparse(node.func).rsplit(".", 1)[-1]
        for node in ast.walk(ast.parse(PATHS[noun].read_text()))
        if isinstance(node, ast.Call)
    }
    world = {"open", "input", "now", "today", "utcnow", "to_parquet", "to_csv"} | {
        name for name in calls if name.startswith("read_")
    }
    allowed = {
        # Keras saves to a path alone: network.saved gives it a folder of its own, and hands on the bytes.
        # oneDNN's announcement is filtered from standard error by a process while TensorFlow loads.
        "pipeline.forecaster.network": {"pathlib", "tempfile", "read_bytes", "os", "subprocess"},
        "pipeline.scrape.params": {"datetime"},  # to tell a date from another text
    }
    assert not (imported(noun) & outside | calls & world) - allowed.get(noun, set())


def test_no_module_unpickles() -> None:
    for name in PATHS:
        assert not imported(name) & {"pickle", "joblib", "cloudpickle", "dill"}, name


def test_one_word_names_a_stage_its_folder_and_its_section() -> None:
    assert set(STAGES) <= {path.name for path in (ROOT / "pipeline").iterdir() if path.is_dir()}
    assert set(SECTIONS) == set(PARAMS) == set(STAGES) - UNTUNED
    assert [entry["cmd"] for entry in DVC["stages"].values()] == [f"python -m pipeline.{stage}" for stage in STAGES]


def test_every_module_has_its_test_file_in_the_same_folder() -> None:
    untested = {"__init__", "__main__", "params", "errors", "model", "clean", "forecasts", "forecast_with"}
    for path in (ROOT / "pipeline").rglob("*.py"):
        folder = path.parent.relative_to(ROOT / "pipeline")
        if path.stem not in untested:
            assert (ROOT / "tests" / folder / f"test_{path.stem}.py").exists(), path


@pytest.mark.parametrize("stage", STAGES)
def test_dvc_knows_exactly_the_files_a_stage_uses(stage: str) -> None:
    known = listed(deps_of(stage))
    assert set(known) == files(f"pipeline.{stage}.__main__")
    assert len(known) == len(set(known))


def test_dvc_yaml_stays_short() -> None:
    assert sum(len(deps_of(stage)) for stage in STAGES) <= 100
    assert len((ROOT / "dvc.yaml").read_text().splitlines()) <= 286


@pytest.mark.parametrize("stage", STAGES)
def test_a_stages_main_is_as_short_as_a_screen(stage: str) -> None:
    assert len(PATHS[f"pipeline.{stage}.__main__"].read_text().splitlines()) <= 60


def test_dvc_ignores_what_git_ignores_anywhere() -> None:
    """A file that an editor or a tool leaves in a folder must not look like a change of the stages that list it."""
    lines = {name: (ROOT / name).read_text().splitlines() for name in (".gitignore", ".dvcignore")}
    anywhere = {line.rstrip("/") for line in lines[".gitignore"] if line and not line.startswith(("/", "!", "# "))}
    assert anywhere <= {line.rstrip("/") for line in lines[".dvcignore"]}


@pytest.mark.parametrize("stage", STAGES)
def test_dvc_knows_exactly_the_artifacts_a_stage_reads_and_writes(stage: str) -> None:
    entry = DVC["stages"][stage]
    read = {dep for dep in entry["deps"] if dep.startswith(("data/", "reports/"))}
    outs = [*entry.get("outs", []), *entry.get("metrics", []), *entry.get("plots", [])]
    written = {out if isinstance(out, str) else next(iter(out)) for out in outs}
    texts = [
        node.value
        for node in ast.walk(ast.parse(PATHS[f"pipeline.{stage}.__main__"].read_text()))
        if isinstance(node, ast.Constant)
    ]
    named = {text.rstrip("/") for text in texts if isinstance(text, str) and re.fullmatch(r"(data|reports)/\S+", text)}
    assert read | written == named
    assert not read & written


@pytest.mark.parametrize("stage", STAGES)
def test_dvc_knows_exactly_the_params_and_packages_of_a_stage(stage: str) -> None:
    entries = DVC["stages"][stage]["params"]
    sections = {entry for entry in entries if isinstance(entry, str)}
    assert sections == TOLD.get(stage, set()) | {stage} - UNTUNED
    (versions,) = [entry["versions.json"] for entry in entries if isinstance(entry, dict)]
    assert set(versions) == packages(f"pipeline.{stage}.__main__")


def test_versions_are_those_of_the_lock() -> None:
    pinned = [
        line.split(" ")[0].split("==") for line in (ROOT / "requirements.lock").read_text().splitlines() if "==" in line
    ]
    assert json.loads((ROOT / "versions.json").read_text()) == {name: version for name, version in pinned if name}


@pytest.mark.parametrize("stage", STAGES)
def test_every_stage_says_what_it_does_in_the_same_sentence(stage: str) -> None:
    module = ast.get_docstring(ast.parse(PATHS[f"pipeline.{stage}.__main__"].read_text()))
    assert module == DVC["stages"][stage]["desc"]


def test_the_map_of_the_house_names_files_that_are_there() -> None:
    """It names every folder of pipeline/ and every module beside them, and nothing that is not there."""
    text = (ROOT / "docs/architecture.md").read_text()
    named = set(
        re.findall(r"`((?:pipeline|tests|docs|studies|data|reports|examples)/[\w/.-]*|[\w-]+\.(?:yaml|lock))`", text)
    )
    assert not {name for name in named if not name.startswith(("data/", "reports/")) and not (ROOT / name).exists()}
    written = {path for stage in STAGES for path in listed_outs(stage)}
    assert not {name for name in named if name.startswith(("data/", "reports/")) and name.rstrip("/") not in written}
    inside = (ROOT / "pipeline").iterdir()
    rooms = {f"pipeline/{path.name}" + "/" * path.is_dir() for path in inside if path.suffix in ("", ".py")}
    assert rooms - {"pipeline/__init__.py", "pipeline/__pycache__/"} <= named


def listed_outs(stage: str) -> list[str]:
    """The outputs of a stage, and the folders that they lie in."""
    entry = DVC["stages"][stage]
    outs = [*entry.get("outs", []), *entry.get("metrics", []), *entry.get("plots", [])]
    paths = [out if isinstance(out, str) else next(iter(out)) for out in outs]
    return [*paths, *(path.rsplit("/", 1)[0] for path in paths)]
