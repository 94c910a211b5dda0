"""A project is looked at when it has been quiet for a while, and not put off for ever."""

from __future__ import annotations

import pytest

from orchestrator.debounce import Debounce


def test_a_name_is_due_when_it_has_been_quiet() -> None:
    debounce = Debounce(0.5)
    debounce.note("a", 10.0)
    assert debounce.due_at() == 10.5
    assert debounce.take_due(10.4) == []
    assert debounce.take_due(10.5) == ["a"]
    assert debounce.due_at() is None
    assert debounce.take_due(99.0) == []


def test_each_new_note_puts_it_off() -> None:
    debounce = Debounce(0.5)
    for moment in (10.0, 10.4, 10.8):
        debounce.note("a", moment)
    assert debounce.due_at() == pytest.approx(11.3)


def test_it_is_put_off_ten_times_at_most() -> None:
    debounce = Debounce(0.5)
    for step in range(100):
        debounce.note("a", 10.0 + step * 0.4)
        if debounce.take_due(10.0 + step * 0.4):
            break
    assert 10.0 + step * 0.4 == pytest.approx(15.2)


def test_names_are_independent_and_come_in_the_order_of_their_first_note() -> None:
    debounce = Debounce(1.0)
    for name, moment in (("b", 0.0), ("a", 0.1), ("b", 0.2), ("c", 5.0)):
        debounce.note(name, moment)
    assert debounce.take_due(2.0) == ["b", "a"]
    assert debounce.due_at() == 6.0


def test_a_forgotten_name_is_not_due() -> None:
    debounce = Debounce(1.0)
    debounce.note("a", 0.0)
    debounce.forget("a")
    debounce.forget("never noted")
    assert debounce.due_at() is None


def test_without_a_quiet_time_a_name_is_due_at_once() -> None:
    debounce = Debounce(0.0)
    debounce.note("a", 3.0)
    assert debounce.take_due(3.0) == ["a"]
