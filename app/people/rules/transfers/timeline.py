"""The posts or absences of one person while a list is laid over them."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date
from typing import Generic

from app.people.rules.transfers.plans import S, SpanAct, SpanOperation, in_order
from app.people.rules.transfers.rows import HrRow


class Timeline(Generic[S]):
    """Spans that change, and what it takes to make the stored ones so."""

    def __init__(self, spans: Sequence[S]) -> None:
        self.stored: tuple[S, ...] = in_order(spans)
        self._held: dict[object, S] = {span.key: span for span in self.stored}
        self._by: dict[object, HrRow | None] = {}

    @property
    def spans(self) -> tuple[S, ...]:
        """Return all spans as they are by now."""
        return in_order(tuple(self._held.values()))

    def on(self, day: date) -> tuple[S, ...]:
        """Return the spans in force on a day."""
        return tuple(span for span in self.spans if span.covers(day))

    def begun_before(self, day: date) -> tuple[S, ...]:
        """Return the spans in force on a day that is not their first."""
        return tuple(span for span in self.on(day) if span.valid_from < day)

    def end(self, span: S, day: date, *, by: HrRow | None) -> None:
        """Let a span end with the day before; what would have begun on the day never did."""
        self._by[span.key] = by
        if day <= span.valid_from:
            del self._held[span.key]
        else:
            self._held[span.key] = replace(span, valid_to=day)

    def last_until(self, span: S, until: date | None, *, excluded_by: Callable[[S], bool], by: HrRow) -> None:
        """Let a span, held already or not, last until a day, but never into one that excludes it; None: open."""
        following: list[date] = [
            other.valid_from
            for other in self._held.values()
            if other.valid_from > span.valid_from and excluded_by(other)
        ]
        end = min((day for day in (until, *following) if day is not None), default=None)
        if self._held.get(span.key) != (wanted := replace(span, valid_to=end)):
            self._by[span.key] = by
            self._held[span.key] = wanted

    def operations(self, *, today: date) -> tuple[SpanOperation[S], ...]:
        """Return what makes the stored spans into these; what is opened comes last, since it may take a cancelled one's place."""
        fates: list[SpanOperation[S]] = [self._fate(span, today=today) for span in self.stored]
        standing = {entry.span.key for entry in fates if entry.act is not SpanAct.CANCEL}
        opened: list[SpanOperation[S]] = [
            self._operation(SpanAct.OPEN, span, span.valid_from, today)
            for span in self.spans
            if span.key not in standing
        ]
        return tuple(fates + opened)

    def _fate(self, span: S, *, today: date) -> SpanOperation[S]:
        now = self._held.get(span.key)
        if now == span:
            return self._operation(SpanAct.KEEP, span, span.valid_from, span.valid_from)
        if now is not None and now.valid_to is not None and replace(span, valid_to=now.valid_to) == now:
            return self._operation(SpanAct.CLOSE, span, now.valid_to, today)
        return self._operation(SpanAct.CANCEL, span, span.valid_from, today)

    def _operation(self, act: SpanAct, span: S, day: date, today: date) -> SpanOperation[S]:
        by = self._by.get(span.key) if act is not SpanAct.KEEP else None
        return SpanOperation(
            act=act,
            span=span,
            day=day,
            late=day < today,
            row=by.row if by else None,
            order_no=by.order_no if by else None,
        )
