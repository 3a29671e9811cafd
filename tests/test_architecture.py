"""The rules of the house, held over the AST: who may import whom, who may touch the world, what DVC must know."""

import ast
import re

import pytest
from ruamel.yaml import YAML

from pipeline.params import SECTIONS
from tests.imports import PATHS, ROOT, closure, files, imported, packages

DVC = YAML(typ="safe").load(ROOT / "dvc.yaml")
PARAMS = YAML(typ="safe").load(ROOT / "params.yaml")
STAGES = sorted(name.rsplit(".", 1)[-1] for name in PATHS if name.startswith("pipeline.stages."))

OWNERS = {
    "altair": "pipeline.charts",
    "vl_convert": "pipeline.charts",
    "jinja2": "pipeline.pages",
    "arch.bootstrap": "pipeline.bootstrap",
    "mlflow": "pipeline.runs",
    "keras": "pipeline.forecaster.network",
    "tensorflow": "pipeline.forecaster.network",
    "exchange_calendars": "pipeline.forecaster.calendars",
    "sklearn.preprocessing": "pipeline.scalers",
    "sklearn.linear_model": "pipeline.models.regressors",
    "sklearn.ensemble": "pipeline.models.regressors",
    "arch.univariate": "pipeline.models.garch",
    "statsmodels": "pipeline.correlations",
    "arch.unitroot": "pipeline.stationarity",
    "tsdownsample": "pipeline.thinning",
    "ruamel": "pipeline.params",
    "h5py": "pipeline.verify.differences",
    "pyarrow.parquet": "pipeline.artifacts",
    "rich": "pipeline.__main__",
    "yfinance": "pipeline.sources.yahoo",
    "curl_cffi": "pipeline.sources.yahoo",
    "stamina": "pipeline.sources.yahoo",
}
# What may touch files, clock or environment: the doors, the stages, and what is run beside them.
DOORS = {"pipeline", "pipeline.artifacts", "pipeline.forecaster.forecaster", "pipeline.params", "pipeline.runs"}
COMMANDS = {"pipeline.__main__", "pipeline.latest", "pipeline.from_file", "pipeline.revisions"} | {
    name for name in PATHS if name.startswith("pipeline.verify")
}
# Whose parameters, beside its own, a stage tells its readers.
TOLD = {"track": set(SECTIONS), "plot": {"prepare", "benchmark", "train", "evaluate"}}
UNTUNED = {"predict"}  # has no section: the models say all
NOUNS = sorted(
    set(PATHS) - DOORS - COMMANDS - {name for name in PATHS if name.startswith(("pipeline.stages", "pipeline.sources"))}
)


@pytest.mark.parametrize(("package", "owner"), OWNERS.items())
def test_each_outside_thing_has_one_owner(package: str, owner: str) -> None:
    users = {name for name in PATHS for found in imported(name) if found == package or found.startswith(f"{package}.")}
    assert users == {owner}


@pytest.mark.parametrize("noun", NOUNS)
def test_a_noun_imports_no_stage(noun: str) -> None:
    assert not [name for name in imported(noun) if name.startswith("pipeline.stages")]


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_imports_no_other_stage(stage: str) -> None:
    own = {"pipeline.stages", f"pipeline.stages.{stage}"}
    assert {name for name in closure(f"pipeline.stages.{stage}") if name.startswith("pipeline.stages")} == own


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
    # Keras saves to a path alone: network.saved gives it a folder of its own, and hands on the bytes.
    # oneDNN's announcement is filtered from standard error by a process while TensorFlow loads.
    allowed = (
        {"pathlib", "tempfile", "read_bytes", "os", "subprocess"} if noun == "pipeline.forecaster.network" else set()
    )
    assert not (imported(noun) & outside | calls & world) - allowed


def test_no_module_unpickles() -> None:
    for name in PATHS:
        assert not imported(name) & {"pickle", "joblib", "cloudpickle", "dill"}, name


def test_one_word_names_a_stage_its_module_and_its_section() -> None:
    assert sorted(DVC["stages"]) == STAGES
    assert set(SECTIONS) == set(PARAMS) == set(STAGES) - UNTUNED


def test_every_module_has_its_test_file() -> None:
    tested = {path.stem.removeprefix("test_") for path in (ROOT / "tests").glob("test_*.py")}
    named = {name.rsplit(".", 1)[-1] for name in PATHS if not name.startswith("pipeline.tables.")}
    assert not named - tested - {"pipeline", "stages", "sources", "tables", "models", "model", "__main__", "errors"}


@pytest.mark.parametrize("stage", STAGES)
def test_dvc_knows_exactly_the_files_a_stage_uses(stage: str) -> None:
    deps = {dep for dep in DVC["stages"][stage]["deps"] if dep.startswith("pipeline/")}
    assert deps == files(f"pipeline.stages.{stage}")


@pytest.mark.parametrize("stage", STAGES)
def test_dvc_knows_exactly_the_artifacts_a_stage_reads_and_writes(stage: str) -> None:
    entry = DVC["stages"][stage]
    read = {dep for dep in entry["deps"] if dep.startswith(("data/", "reports/"))}
    outs = [*entry.get("outs", []), *entry.get("metrics", []), *entry.get("plots", [])]
    written = {out if isinstance(out, str) else next(iter(out)) for out in outs}
    texts = [
        node.value
        for node in ast.walk(ast.parse(PATHS[f"pipeline.stages.{stage}"].read_text()))
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
    (versions,) = [entry["versions.yaml"] for entry in entries if isinstance(entry, dict)]
    assert set(versions) == packages(f"pipeline.stages.{stage}")


def test_versions_are_those_of_the_lock() -> None:
    pinned = [
        line.split(" ")[0].split("==") for line in (ROOT / "requirements.lock").read_text().splitlines() if "==" in line
    ]
    assert YAML(typ="safe").load(ROOT / "versions.yaml") == {name: version for name, version in pinned if name}


@pytest.mark.parametrize("stage", STAGES)
def test_every_stage_says_what_it_does_in_the_same_sentence(stage: str) -> None:
    module = ast.get_docstring(ast.parse(PATHS[f"pipeline.stages.{stage}"].read_text()))
    assert module == DVC["stages"][stage]["desc"]
