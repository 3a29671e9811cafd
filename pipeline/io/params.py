"""One section of params.yaml, strictly: each mistake becomes one line that says what is accepted."""

import difflib
import io
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.scalarstring import DoubleQuotedScalarString

from pipeline.io.artifacts import Record, write_bytes
from pipeline.io.errors import UserError

FILE = Path("params.yaml")
SECTIONS = ("scrape", "explore", "prepare", "benchmark", "train", "evaluate", "plot", "track")
RENAMED = {  # keys of earlier versions, and their names now
    "scrape.dates": "scrape.date_columns",
    "scrape.signs": "scrape.currency_symbols",
    "scrape.missing": "scrape.na_values",
    "scrape.repair": "scrape.invalid_rows",
    "prepare.leave_out": "prepare.exclude_tickers",
    "prepare.season": "prepare.season_length",
}

S = TypeVar("S", bound="Section")


def each_once(values: list[str]) -> list[str]:
    """Refuse a list that names something twice."""
    for value in values:
        if values.count(value) > 1:
            raise ValueError(f"found {value} {values.count(value)} times; accepted: each once")
    return values


class Section(Record):
    """A section of params.yaml: every key required, no other key, no conversion between types."""


def everything() -> dict[str, dict[str, Any]]:
    """All of params.yaml as plain values, checked for its sections only.

    Raises UserError where the file is missing, is no YAML mapping, or has unknown or missing sections.
    """
    try:
        found = parsed(FILE.read_text())
    except FileNotFoundError:
        raise UserError(f"{FILE}: no such file; run from the folder that holds it") from None
    except MarkedYAMLError as error:
        line = f", line {error.problem_mark.line + 1}" if error.problem_mark else ""
        raise UserError(f"{FILE}{line}: not YAML: {error.problem}") from None
    except (YAMLError, UnicodeDecodeError) as error:
        raise UserError(f"{FILE}: not YAML: {' '.join(str(error).split())}") from None
    if not isinstance(found, dict):
        raise UserError(f"{FILE}: found no sections; accepted: {', '.join(SECTIONS)}")
    for path in _not_text(found):
        raise UserError(f"{FILE}: found the key {path}; accepted: keys that are text")
    unknown = [f"{FILE}: {name}: unknown section{_meant(name, SECTIONS)}" for name in found if name not in SECTIONS]
    missing = [f"{FILE}: {name}: section missing" for name in SECTIONS if name not in found]
    if unknown or missing:
        raise UserError("\n".join(unknown + missing))
    return found


def flat(values: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Nested values by their path, as `dvc metrics` and `dvc params` name them: test.price.h1.mse."""
    for key, value in values.items():
        if isinstance(value, dict):
            yield from flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def _not_text(values: dict[Any, Any], prefix: str = "") -> Iterator[str]:
    """The paths of keys that are no text: numbers, dates, empty ones."""
    for key, value in values.items():
        if not isinstance(key, str):
            yield f"{prefix}{key!r}"
        elif isinstance(value, dict):
            yield from _not_text(value, f"{prefix}{key}.")


def load(section: str, models: type[S] | Mapping[str, type[S]]) -> S:
    """One section as its strict model. Raises UserError, a line for each mistake.

    models: the section's, or by the value of its key `source` the model of each kind.
    """
    values = everything()[section]
    old = [f"{section}.{key}" for key in values if f"{section}.{key}" in RENAMED] if isinstance(values, dict) else []
    if old:
        raise UserError("\n".join(f"{FILE}: {key}: this key is now called {RENAMED[key]}" for key in old))
    model = models if isinstance(models, type) else _chosen(section, values, models)
    try:
        return model.model_validate(values)
    except ValidationError as error:
        schema = model.model_json_schema()
        lines = [_line(section, mistake, schema) for mistake in error.errors(include_url=False)]
        raise UserError("\n".join(dict.fromkeys(lines))) from None


def _chosen(section: str, values: Any, models: Mapping[str, type[S]]) -> type[S]:
    """The model that the section's `source` names; any one for what is no section, which it refuses."""
    if not isinstance(values, dict):
        return next(iter(models.values()))
    if "source" not in values:
        raise UserError(f"{FILE}: {section}.source: missing; accepted: {', '.join(models)}")
    if values["source"] not in list(models):
        source = values["source"]
        raise UserError(f"{FILE}: {section}.source: found {source!r}{_meant(str(source), models)}")
    return models[values["source"]]


def parsed(text: str) -> Any:
    """A YAML text as plain values, read as DVC reads it: to YAML 1.1 readers 1e-3 is a string and `no` is false."""
    return YAML(typ="safe", pure=True).load(text)


def rewrite(section: str, file: Path = FILE, **values: str | int) -> None:
    """Write values into a section of params.yaml, texts quoted, keeping everything else and every comment as it is."""
    yaml = YAML()
    yaml.preserve_quotes, yaml.width = True, 4096
    whole = yaml.load(file)
    quoted = {k: DoubleQuotedScalarString(v) if isinstance(v, str) else v for k, v in values.items()}
    whole[section].update(quoted)
    buffer = io.BytesIO()
    yaml.dump(whole, buffer)
    write_bytes(file, buffer.getvalue())


def _line(section: str, mistake: Mapping[str, Any], schema: dict[str, Any]) -> str:
    key = ".".join(str(step) for step in (section, *mistake["loc"]))
    match mistake["type"]:
        case "extra_forbidden":
            known = sorted(_at(mistake["loc"][:-1], schema)["properties"])
            return f"{FILE}: {key}: unknown key{_meant(str(mistake['loc'][-1]), known)}"
        case "value_error":  # raised by a section's own validator, in words of its own
            return f"{FILE}: {key}: {mistake['ctx']['error']}"
        case "missing":
            return f"{FILE}: {key}: missing; accepted: {_accepted(_at(mistake['loc'], schema))}"
        case _:
            return f"{FILE}: {key}: found {mistake['input']!r}; accepted: {_accepted(_at(mistake['loc'], schema))}"


def _meant(name: str, known: Iterable[str]) -> str:
    close = difflib.get_close_matches(name, known, n=1)
    return (f"; did you mean {close[0]}? " if close else "; ") + f"accepted: {', '.join(known)}"


def _at(path: tuple[int | str, ...], schema: dict[str, Any]) -> dict[str, Any]:
    """The JSON Schema of the value at a path of keys and list positions; of a mapping where a key of its is wrong."""
    node = schema
    for step in path:
        if isinstance(step, int):
            node = node["items"]
        elif "properties" in node:
            node = node["properties"][step]
        elif path[-1] != "[key]":
            node = next(iter(node["patternProperties"].values()))
        if "$ref" in node:
            node = schema["$defs"][node["$ref"].rsplit("/", 1)[-1]]
    return node


def _accepted(node: dict[str, Any]) -> str:
    """A JSON Schema node in words: "a number of at least 0 and below 1"."""
    if "enum" in node:
        return ", ".join(str(value) for value in node["enum"])
    if "const" in node:
        return str(node["const"])
    if "anyOf" in node:
        return " or ".join(_accepted(each) for each in node["anyOf"])
    if node["type"] == "array":
        return f"a list of at least {node.get('minItems', 0)}, each {_accepted(node['items'])}"
    if "patternProperties" in node:
        ((form, values),) = node["patternProperties"].items()
        return f"keys of the form {form}, at least {node.get('minProperties', 0)}, each with {_accepted(values)}"
    words = {"integer": "a whole number", "number": "a number", "boolean": "true or false", "string": "a text"}
    words["object"] = f"keys {', '.join(node.get('properties', {}))}"
    bounds = {"minimum": "of at least", "exclusiveMinimum": "above", "maximum": "at most", "exclusiveMaximum": "below"}
    limits = [f"{bounds[name]} {node[name]:g}" for name in bounds if name in node]
    if "pattern" in node:
        limits.append(f"of the form {node['pattern']}")
    return " ".join([words[node["type"]], " and ".join(limits)]).strip()
