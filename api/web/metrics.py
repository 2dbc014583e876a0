"""What an operator's Prometheus reads: numbers without a name, and for this machine alone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from prometheus_client.core import CollectorRegistry, GaugeMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest

from yinzheng.ledger.measures import Measure

MEDIA: Final = CONTENT_TYPE_PLAIN_0_0_4


class _Numbers:
    """A collector of numbers that are there already."""

    def __init__(self, measures: Iterable[Measure]) -> None:
        self._measures = measures

    def collect(self) -> Iterator[GaugeMetricFamily]:
        families: dict[str, GaugeMetricFamily] = {}
        for one in self._measures:
            names, values = zip(*(one.label,), strict=True) if one.label else ((), ())
            family = families.setdefault(
                one.name, GaugeMetricFamily(f"yinzheng_{one.name}", one.help, labels=names)
            )
            family.add_metric(values, one.value)
        yield from families.values()


def exposition(measures: Iterable[Measure]) -> bytes:
    """The text format of Prometheus, version 0.0.4; every name begins with `yinzheng_`."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Numbers(list(measures)))
    return generate_latest(registry)
