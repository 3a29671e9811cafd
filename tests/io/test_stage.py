"""A stage needs pinned environment variables and no arguments; a user's mistake is one line of its output."""

import pytest

from tests.commands import python

RAN = "def main(): print('ran')\n"
RUN = "import sys\nfrom pipeline.io.errors import UserError\nfrom pipeline.io.stage import run\n"


@pytest.mark.parametrize(
    ("code", "said"),
    [
        (
            "import numpy\n" + RUN + RAN,
            "train: found numpy imported before `pipeline`, so results may differ; accepted: `dvc repro`\n",
        ),
        (
            RUN + RAN + "sys.argv[1:] = ['--epochs', '5']\n",
            "train: found '--epochs 5'; accepted: no arguments (params.yaml has all settings)\n",
        ),
        (RUN + "def main(): raise UserError('one\\ntwo')\n", "train: one\ntrain: two\n"),
    ],
    ids=["numpy first", "arguments", "a user's mistake"],
)
def test_a_mistake_of_the_user_gives_its_message_and_nothing_else(code: str, said: str) -> None:
    done = python(code + "run('train', main)")
    assert (done.returncode, done.stdout, done.stderr) == (1, "", said)


def test_our_own_mistake_keeps_its_traceback() -> None:
    done = python(RUN + "run('train', lambda: 1 / 0)")
    assert done.returncode == 1
    assert "ZeroDivisionError" in done.stderr
