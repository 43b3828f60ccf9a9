"""A radar: axes clockwise from the top, shares between centre and rim, nothing where there is no figure."""

from fractions import Fraction

from app.web.charts import CENTRE, RADAR_SIZE, RADIUS, Axis, Point, Series, radar

AXES = [Axis(label=name, figure="50", low=False) for name in ("上", "右", "下", "左")]


def test_shares_lie_between_the_centre_and_the_rim() -> None:
    chart = radar(
        AXES, series=[Series(kind="now", values=[Fraction(1), Fraction(1, 2), Fraction(0), Fraction(1)])]
    )
    top, right, bottom, left = chart.shapes[0].dots
    x, y = CENTRE
    assert top == Point(x, y - RADIUS)
    assert right == Point(x + RADIUS / 2, y)
    assert bottom == Point(x, y)
    assert left == Point(x - RADIUS, y)
    assert [label.anchor for label in chart.labels] == ["middle", "start", "middle", "end"]
    assert len(chart.rings) == 4
    assert all(0 < label.at.x < RADAR_SIZE[0] and 0 < label.at.y < RADAR_SIZE[1] for label in chart.labels)


def test_a_missing_figure_leaves_its_corner_out() -> None:
    chart = radar(AXES, series=[Series(kind="last", values=[Fraction(1), None, Fraction(1), Fraction(1)])])
    assert len(chart.shapes[0].dots) == 3
    assert len(chart.shapes[0].points.split()) == 3
