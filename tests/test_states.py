"""A state is named by its parameters and artifacts, and by nothing else."""

import pandas as pd

from pipeline.states import epochs, flat, state


def test_a_state_follows_every_parameter_and_every_byte_and_no_order() -> None:
    same = state({"a": 1, "b": [2]}, {"x": b"1", "y": b"2"})
    assert state({"b": [2], "a": 1}, {"y": b"2", "x": b"1"}) == same
    others = [state({"a": 2, "b": [2]}, {"x": b"1", "y": b"2"}), state({"a": 1, "b": [2]}, {"x": b"1", "y": b"3"})]
    assert len({same, *others}) == 3


def test_values_are_named_by_their_path() -> None:
    assert dict(flat({"a": {"b": 1, "c": {"d": [2]}}, "e": 3})) == {"a.b": 1, "a.c.d": [2], "e": 3}


def test_epochs_of_one_member_bear_its_losses_plainly_and_of_several_by_number() -> None:
    history = pd.DataFrame({"member": [1, 1, 2], "epoch": [1, 2, 1], "loss": [3.0, 2.0, 5.0]})
    assert list(epochs(history[history["member"] == 1])) == [{"loss": 3.0}, {"loss": 2.0}]
    assert list(epochs(history)) == [{"member_1.loss": 3.0, "member_2.loss": 5.0}, {"member_1.loss": 2.0}]
