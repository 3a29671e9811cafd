"""Read and check params.yaml. Each mistake gives one error line that says what is accepted."""

import datetime as dt
import difflib
import io
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import reduce
from operator import getitem
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError
from ruamel.yaml.scalarstring import DoubleQuotedScalarString

from pipeline.io.artifacts import Record, read_bytes, write_bytes
from pipeline.io.errors import UserError

FILE = Path("params.yaml")
SECTIONS = ("scrape", "explore", "prepare", "benchmark", "train", "evaluate", "plot", "track")
MAX_SIZE = 500_000  # characters of the file, and of its values with all aliases resolved
MAX_MISTAKES = 50  # lines of one error
MAX_MISSING = 3  # keys that are told one by one

S = TypeVar("S", bound="Section")


def each_once(values: list[str]) -> list[str]:
    """Reject a list with repeated entries."""
    for value, count in Counter(values).items():
        if count > 1:
            raise ValueError(f"found {value} {count} times; accepted: each once")
    return values


def found_value(value: object) -> str:
    """Say what was found. YAML reads a date without quotes as a date."""
    return f"found {value} without quotes" if isinstance(value, dt.date) else f"found {value!r}"


class Section(Record):
    """A section of params.yaml: all keys are required, no others are allowed, types are not converted."""


def load_all(file: Path = FILE, sections: Sequence[str] = SECTIONS) -> dict[str, dict[str, Any]]:
    """Return all of a params file as plain values. Only the names of the sections are checked.

    Raises UserError if the file is missing or too large, is not a YAML mapping, or has unknown or missing sections.
    """
    values = read_yaml(file)
    if not isinstance(values, dict):
        raise UserError(f"{file}: found no sections; accepted: {', '.join(sections)}")
    for path in _keys_not_text(values):
        raise UserError(f"{file}: found the key {path}; accepted: keys that are texts")
    names = [name for name in values if name not in sections]
    unknown = [f"{file}: {name}: unknown section{_suggestion(name, sections)}" for name in names]
    missing = [f"{file}: {name}: section missing" for name in sections if name not in values]
    if unknown or missing:
        raise UserError("\n".join((unknown + missing)[:MAX_MISTAKES]))
    return values


def flat(values: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Yield each nested value with its path, in the notation of `dvc metrics` and `dvc params`: test.price.h1.mse."""
    for key, value in values.items():
        if isinstance(value, dict):
            yield from flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def _check_size(file: Path, values: Any) -> None:
    """Raise UserError for values that are huge when each alias is resolved, and for huge integers."""
    size, nested = 0, [values]
    while nested:
        value = nested.pop()
        if isinstance(value, int) and abs(value) >= 2**63:
            raise UserError(f"{file}: found a whole number of {value.bit_length()} bits; accepted: at most 63 bits")
        size += len(value) if isinstance(value, str | bytes) else 1
        if size > MAX_SIZE:
            raise UserError(f"{file}: found over {MAX_SIZE:,} characters in values and their aliases; accepted: fewer")
        if isinstance(value, dict):
            nested += [*value, *value.values()]
        elif isinstance(value, list | tuple | set):
            nested += value


def _keys_not_text(values: dict[Any, Any], prefix: str = "") -> Iterator[str]:
    """Yield the paths of keys that are not texts, such as numbers, dates and empty keys."""
    for key, value in values.items():
        if not isinstance(key, str):
            yield f"{prefix}{key!r}"
        elif isinstance(value, dict):
            yield from _keys_not_text(value, f"{prefix}{key}.")


def load(section: str, models: type[S] | Mapping[str, type[S]], params: Mapping[str, Any] | None = None) -> S:
    """Return one section of params.yaml, checked. Raises UserError with a line for each mistake.

    models: the model of the section, or a model for each value of its key `source`; params: as from `load_all`,
    if it is read already.
    """
    values = (load_all() if params is None else params)[section]
    model = models if isinstance(models, type) else _model_of_source(section, values, models)
    try:
        return model.model_validate(values)
    except ValidationError as error:
        schema = model.model_json_schema()
        mistakes = error.errors(include_url=False)[:MAX_MISTAKES]
        raise UserError("\n".join(dict.fromkeys(_error_lines(section, mistakes, schema)))) from None


def _model_of_source(section: str, values: Any, models: Mapping[str, type[S]]) -> type[S]:
    """Return the model for the section's key `source`."""
    if not isinstance(values, dict):
        return next(iter(models.values()))  # every model rejects a section that is not a mapping
    if "source" not in values:
        raise UserError(f"{FILE}: {section}.source: missing; accepted: {', '.join(models)}")
    if values["source"] not in list(models):
        source = values["source"]
        raise UserError(f"{FILE}: {section}.source: found {source!r}{_suggestion(str(source), models)}")
    return models[values["source"]]


def parse_yaml(text: str) -> Any:
    """Read a YAML text as YAML 1.2, as DVC does. In YAML 1.1, 1e-3 would be a text and `no` would be false."""
    return YAML(typ="safe", pure=True).load(text)


def read_yaml(file: Path) -> Any:
    """Read a YAML file. Raises UserError if it is missing, is too large, or is not YAML."""
    if not file.is_file():
        raise UserError(f"{file}: no such file; run the command in the folder that contains it")
    text = read_bytes(file)
    if len(text) > MAX_SIZE:
        raise UserError(f"{file}: found {len(text):,} bytes; accepted: at most {MAX_SIZE:,}")
    try:
        values = parse_yaml(text.decode())
    except MarkedYAMLError as error:
        line = f", line {error.problem_mark.line + 1}" if error.problem_mark else ""
        hint = "; accepted: spaces" if "character '\\t'" in str(error.problem) else ""
        raise UserError(f"{file}{line}: not YAML: {error.problem}{hint}") from None
    except Exception as error:  # for a date such as 2018-02-30, or a wrong tag, ruamel.yaml raises many kinds of errors
        reason = " ".join(str(error).split()) or type(error).__name__
        raise UserError(f"{file}: not YAML: {reason}") from None
    _check_size(file, values)
    return values


def rewrite(*keys: str | int, file: Path = FILE, **values: str | int) -> None:
    """Change values in params.yaml. Texts are quoted; comments and all other values stay the same.

    keys: the path of the mapping that has the values: a section, or a market in it.
    """
    yaml = YAML()
    yaml.preserve_quotes, yaml.width = True, 4096
    params = yaml.load(file)
    quoted = {k: DoubleQuotedScalarString(v) if isinstance(v, str) else v for k, v in values.items()}
    reduce(getitem, keys, params).update(quoted)
    buffer = io.BytesIO()
    yaml.dump(params, buffer)
    write_bytes(file, buffer.getvalue())


def _error_lines(section: str, mistakes: Sequence[Mapping[str, Any]], schema: dict[str, Any]) -> Iterator[str]:
    """Yield the line of each mistake, the same one for all missing keys of a mapping if they are many.

    Many are missing when the reader has changed only the source.
    """
    missing = [mistake["loc"] for mistake in mistakes if mistake["type"] == "missing"]
    for mistake in mistakes:
        place = mistake["loc"]
        names = [str(name) for *parent, name in missing if tuple(parent) == place[:-1]]
        if place in missing and len(names) > MAX_MISSING:
            *parent, _ = section, *_located(place, schema)[0]
            mapping = ".".join(map(str, parent))
            yield f"{FILE}: {mapping}: found no {', '.join(names)}; accepted: all keys, as in examples/"
        else:
            yield _error_line(section, mistake, schema)


def _error_line(section: str, mistake: Mapping[str, Any], schema: dict[str, Any]) -> str:
    path, node = _located(mistake["loc"], schema)
    key = ".".join(str(step) for step in (section, *path))
    match mistake["type"]:
        case "extra_forbidden":
            return f"{FILE}: {key}: unknown key{_suggestion(str(path[-1]), sorted(node['properties']))}"
        case "value_error":  # raised by a validator of the section, with its own message
            return f"{FILE}: {key}: {mistake['ctx']['error']}"
        case "union_tag_not_found" | "union_tag_invalid":
            tag = mistake["ctx"].get("tag", "")
            found = f"found {tag!r}" if tag else "missing"
            return f"{FILE}: {key}.source: {found}{_suggestion(tag, node['discriminator']['mapping'])}"
    told = "missing" if mistake["type"] == "missing" else found_value(mistake["input"])
    return f"{FILE}: {key}: {told}; accepted: {_accepted(node)}"


def _suggestion(name: str, known: Iterable[str]) -> str:
    close = difflib.get_close_matches(name, known, n=1)
    return (f"; did you mean {close[0]}? " if close else "; ") + f"accepted: {', '.join(known)}"


def _located(path: tuple[int | str, ...], schema: dict[str, Any]) -> tuple[list[int | str], dict[str, Any]]:
    """Return a path of keys and list positions, and the JSON Schema there. For a wrong key, that of its mapping.

    The returned path leaves out the source that pydantic adds after the position of a market.
    """
    keys, node = list[int | str](), schema
    for step in path:
        if "discriminator" in node:
            node = {"$ref": node["discriminator"]["mapping"][step]}
        else:
            keys.append(step)
            if isinstance(step, int):
                node = node["items"]
            elif "properties" in node:
                node = node["properties"].get(step, node)
            elif path[-1] != "[key]":
                node = next(iter(node["patternProperties"].values()))
        if "$ref" in node:
            node = schema["$defs"][node["$ref"].rsplit("/", 1)[-1]]
    return keys, node


def _accepted(node: dict[str, Any]) -> str:
    """Describe a JSON Schema node in words: "a number of at least 0 and below 1"."""
    if "enum" in node:
        return ", ".join(str(value) for value in node["enum"])
    if "const" in node:
        return str(node["const"])
    if "discriminator" in node:
        return f"a mapping with source: {' | '.join(node['discriminator']['mapping'])}"
    if "anyOf" in node:
        return " or ".join(_accepted(each) for each in node["anyOf"])
    if node["type"] == "array":
        return f"a list with at least {node.get('minItems', 0)} entries, each of them {_accepted(node['items'])}"
    if "patternProperties" in node:
        ((pattern, values),) = node["patternProperties"].items()
        return f"at least {node.get('minProperties', 0)} keys that match {pattern}, each with {_accepted(values)}"
    words = {"integer": "a whole number", "number": "a number", "boolean": "true or false", "string": "a text"}
    words["object"] = f"the keys {', '.join(node.get('properties', {}))}"
    bounds = {"minimum": "of at least", "exclusiveMinimum": "above", "maximum": "at most", "exclusiveMaximum": "below"}
    limits = [f"{bounds[name]} {node[name]:g}" for name in bounds if name in node]
    if "pattern" in node:
        limits.append(node.get("description", f"that matches {node['pattern']}"))
    return " ".join([words[node["type"]], " and ".join(limits)]).strip()
