"""The topics of one connection: which are asked for, which stream, and which are asked for again."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from virtuoso.exchange.streams.backoff import Backoff
from virtuoso.exchange.streams.facts import StreamFacts
from virtuoso.exchange.streams.reader import Topic

FIRST_RETRY_S = 0.25
LONGEST_RETRY_S = 30.0
STEADY_S = 60.0  # a topic that streams so long begins again with the first wait
REFUSALS_IN_A_ROW = 8  # after them, the other topics of a refused request wait too


@dataclass(slots=True)
class Subscription:
    """One topic of a connection. `due_s` is when it is requested. It is None while it is requested or streams."""

    topic: Topic
    names: list[str]
    due_s: float | None = 0.0
    since_s: float = 0.0  # when it was requested the last time
    accepted: bool = False  # the venue said so, and nothing was lost since
    at_venue: bool = False  # the venue may send it: it must be unsubscribed before it is requested again
    together: int = 1_000_000  # number of topics in one request; halved when a request is refused
    backoff: Backoff = field(default_factory=lambda: Backoff(FIRST_RETRY_S, LONGEST_RETRY_S))

    def lose(self, now_s: float) -> None:
        """Request the topic again after a wait."""
        if self.due_s is None:
            if self.accepted and now_s - self.since_s > STEADY_S:
                self.backoff.reset()
            self.due_s = now_s + self.backoff.next_s()
        self.accepted = False


class Subscriptions:
    """The topics of one connection, and its requests that are not answered yet."""

    def __init__(self, facts: StreamFacts, topics: Iterable[Topic]) -> None:
        self._facts = facts
        self._by_topic: dict[Topic, Subscription] = {}
        self._requests: dict[int, tuple[float, list[Subscription]]] = {}  # by number: when sent, and the topics
        self._number = 0
        self._refusals = 0
        self.leaving: list[str] = []  # names to unsubscribe
        self.add(topics)

    def __iter__(self) -> Iterator[Subscription]:
        return iter(self._by_topic.values())

    def get(self, topic: Topic) -> Subscription | None:
        """Return the subscription of a topic, if there is one."""
        return self._by_topic.get(topic)

    def topics(self) -> list[Topic]:
        """Return all topics."""
        return list(self._by_topic)

    def add(self, topics: Iterable[Topic]) -> None:
        """Request these topics, too."""
        for topic in topics:
            self._by_topic.setdefault(topic, Subscription(topic, self._facts.topic_names(topic)))

    def remove(self, topics: Iterable[Topic]) -> None:
        """Unsubscribe these topics."""
        for topic in topics:
            if (known := self._by_topic.pop(topic, None)) and known.at_venue:
                self.leaving += known.names

    def due(self, now_s: float) -> list[Subscription]:
        """Return the topics of the next request, as many as one request may have."""
        found: list[Subscription] = []
        names = 0
        for each in self._by_topic.values():
            if each.due_s is not None and each.due_s <= now_s:
                names += len(each.names)
                together = min([each.together, *(other.together for other in found[:1])])
                if found and (names > self._facts.names_per_request or len(found) >= together):
                    break
                found.append(each)
        return found

    def requested(self, subscriptions: Sequence[Subscription], now_s: float) -> int:
        """Note that these topics are requested now. Return the number of the request."""
        self._number += 1
        self._requests[self._number] = now_s, list(subscriptions)
        for each in subscriptions:
            each.due_s, each.since_s, each.accepted, each.at_venue = None, now_s, False, True
        return self._number

    def number(self) -> int:
        """Return a number for a request whose answer does not matter."""
        self._number += 1
        return self._number

    def oldest_request_s(self) -> float | None:
        """Return when the oldest request without an answer was sent."""
        return next(iter(self._requests.values()))[0] if self._requests else None

    def accepted(self, number: int) -> None:
        """Note that the venue accepted a request."""
        for each in self._requests.pop(number, (0.0, []))[1]:
            each.accepted, each.together = each.due_s is None, 1_000_000
        self._refusals = 0

    def refused(self, number: int, error: str, now_s: float) -> list[Topic]:
        """Note that the venue refused a request as a whole. Return its topics.

        When the error names a topic, only that one waits, and the others are requested again. Otherwise they are requested
        again in two halves. After many refusals in a row, all wait."""
        subscriptions = self._requests.pop(number, (0.0, []))[1]
        self._refusals += 1
        named = [each for each in subscriptions if any(error.endswith(name) for name in each.names)]
        for each in subscriptions:
            each.at_venue = each in named and "already" in error
            alone = len(subscriptions) == 1 or each in named or self._refusals > REFUSALS_IN_A_ROW
            if alone:
                each.lose(now_s)
            else:
                each.due_s, each.accepted = now_s, False
                each.together = each.together if named else max(1, len(subscriptions) // 2)
        return [each.topic for each in subscriptions]
