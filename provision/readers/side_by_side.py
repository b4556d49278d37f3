"""Asks many phones at once on one event loop, and gives the answers in bunches as they come.

The loop runs only while the caller waits for the next answer: nothing asynchronous leaks out.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Iterator
from typing import Generic, TypeVar

Asked = TypeVar("Asked")
Told = TypeVar("Told")

#: So long the answers of one bunch are gathered: handing each over alone would cost more than it.
_BUNCH_S = 0.05


def side_by_side(
    asked: Iterable[Asked],
    ask: Callable[[Asked], Awaitable[Told]],
    at_once: int,
    done: Callable[[], None] = lambda: None,
) -> Iterator[Told]:
    """What `ask` tells of each, in the order of the answers; at most `at_once` wait at a time.

    `ask` makes results of its failures: what it raises ends all of it. `done` is called on the
    loop at the end, however that came.
    """
    with asyncio.Runner() as runner:
        crew = _Crew(asked, ask, at_once)
        try:
            while runner.run(crew.bunch()):
                while crew.told:
                    yield crew.told.popleft()
            yield from crew.told
        finally:
            runner.run(_after(done))


async def _after(done: Callable[[], None]) -> None:
    done()
    await asyncio.sleep(0)


class _Crew(Generic[Asked, Told]):
    def __init__(
        self, asked: Iterable[Asked], ask: Callable[[Asked], Awaitable[Told]], at_once: int
    ) -> None:
        self.told: deque[Told] = deque()
        self._asked, self._ask, self._at_once = iter(asked), ask, at_once
        self._workers: list[asyncio.Task[None]] = []

    async def bunch(self) -> bool:
        """Let the workers work for a moment; False once nobody is left to ask."""
        if not self._workers:
            self._workers = [asyncio.create_task(self._work()) for _ in range(self._at_once)]
        done, waiting = await asyncio.wait(self._workers, timeout=_BUNCH_S)
        for worker in done:
            worker.result()
        return bool(waiting)

    async def _work(self) -> None:
        for one in self._asked:
            self.told.append(await self._ask(one))
