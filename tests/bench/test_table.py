"""The pure parts of the bench: medians, tables, goals, and the page's markers."""

from __future__ import annotations

import pytest

from bench.rivals import NAMES, Cell, goals
from bench.table import Goal, markdown, median, replaced, seconds, section, times


def test_the_median_is_the_middle_one_or_between_two_and_nothing_has_none() -> None:
    assert median([3.0, 1.0, 2.0]) == 2.0
    assert median([1.0, 2.0]) == 1.5
    assert median([]) is None


@pytest.mark.parametrize(
    ("figure", "shown"),
    [(None, "-"), (0.0314, "0.031"), (1.234, "1.23"), (12.34, "12.3"), (123.4, "123")],
)
def test_seconds_show_the_digits_that_count(figure: float | None, shown: str) -> None:
    assert seconds(figure) == shown


@pytest.mark.parametrize(
    ("figure", "by", "shown"),
    [(10.0, 4.0, "2.5x"), (300.0, 1.0, "300x"), (None, 1.0, "-"), (1.0, 0.0, "-"), (1, None, "-")],
)
def test_times_are_never_made_of_what_was_not_measured(
    figure: float | None, by: float | None, shown: str
) -> None:
    assert times(figure, by) == shown


def test_a_table_escapes_bars_and_refuses_ragged_rows() -> None:
    assert markdown(("a", "b"), [("1", "x|y")]) == "| a | b |\n| --- | --- |\n| 1 | x\\|y |"
    with pytest.raises(ValueError, match="cells"):
        markdown(("a", "b"), [("1",)])


def test_a_goal_is_met_missed_or_not_judged() -> None:
    assert Goal("g", "1", True).line() == "- **met**: g; measured: 1"
    assert Goal("g", "1", False).line().startswith("- **missed**")
    assert Goal("g", "1", None).line().startswith("- **not judged**")


def test_a_section_has_its_facts_before_its_figures() -> None:
    assert section("facts", "table", [Goal("g", "1", True)], ["note"]) == (
        "facts\n\ntable\n\n- **met**: g; measured: 1\n\nnote"
    )
    assert section("facts", "table", []) == "facts\n\ntable"


def test_only_the_part_between_its_markers_is_replaced() -> None:
    page = "a\n<!-- bench:x -->\nold\n<!-- /bench:x -->\nb\n<!-- bench:y -->\n<!-- /bench:y -->\n"
    once = replaced(page, "x", "n\\1w")
    assert once == page.replace("old", "n\\1w")
    assert replaced(once, "x", "old") == page
    assert "new" in replaced(page, "y", "new")


@pytest.mark.parametrize("page", ["", "<!-- bench:x -->\n<!-- /bench:x -->\n" * 2])
def test_a_page_without_its_markers_is_an_error(page: str) -> None:
    with pytest.raises(ValueError, match="markers"):
        replaced(page, "x", "text")


def test_a_rival_that_is_as_fast_is_a_goal_missed_and_named() -> None:
    ahead = Cell(6, 0.0, 1.0, (2.0,) * len(NAMES), 3, 3)
    level = Cell(50, 0.0, 1.0, (1.0, *(2.0,) * (len(NAMES) - 1)), 3, 3)
    assert [goal.met for goal in goals([ahead])] == [True]
    (missed,) = goals([ahead, level])
    assert missed.met is False
    assert f"{NAMES[0]} at N = 50" in missed.measured


def test_twenty_times_is_judged_where_it_was_promised_and_nowhere_else() -> None:
    cell = Cell(200, 0.1, 1.0, (20.0, *(19.9,) * (len(NAMES) - 1)), 3, 1)
    assert [goal.met for goal in goals([cell])] == [True, True, False, False]


def test_clones_that_are_at_hand_are_not_judged() -> None:
    cell = Cell(6, 0.0, 1.0, (2.0, 2.0, 2.0, 0.5), 3, 3)
    assert [goal.met for goal in goals([cell])] == [True]
