from __future__ import annotations

from agents.context import Section, answer_room, fit, room
from providers import Message, estimate_tokens


def test_sections_stand_in_the_order_given() -> None:
    fitted = fit([Section("A", "one", rank=2), Section("B", "two"), Section("C", "three", rank=1)], 1000)
    assert fitted.text.index("# A") < fitted.text.index("# B") < fitted.text.index("# C")
    assert fitted.left_out == ()


def test_what_matters_least_is_left_out_whole_and_named() -> None:
    sections = [Section("A", "x" * 300, rank=2), Section("B", "y" * 300, rank=1), Section("Task", "do")]
    fitted = fit(sections, 150)
    assert fitted.left_out == ("A",)
    assert "y" * 300 in fitted.text
    assert "xx" not in fitted.text
    assert "Not shown for lack of room\n\n- A" in fitted.text
    assert fitted.text.rstrip().endswith("do")


def test_a_smaller_section_may_fit_where_a_larger_one_did_not() -> None:
    fitted = fit([Section("large", "x" * 900, rank=1), Section("small", "y", rank=2), Section("Task", "do")], 60)
    assert fitted.left_out == ("large",)


def test_what_must_be_there_stays_even_when_it_does_not_fit() -> None:
    assert "x" * 900 in fit([Section("Requirements", "x" * 900)], 10).text


def test_blank_sections_are_not_shown() -> None:
    assert "# Plan" not in fit([Section("Plan", " \n"), Section("Task", "do")], 100).text


def test_prompt_and_answer_share_the_window() -> None:
    assert room("s" * 300, 4096, 1000) < 4096 - 1000 - estimate_tokens("s" * 300)
    assert answer_room([Message("user", "x" * 3000)], 4096, 2000) == 2000
    assert answer_room([Message("user", "x" * 9000)], 4096, 2000) < 1100
    assert answer_room([Message("user", "x" * 90000)], 4096, 2000) == 1
