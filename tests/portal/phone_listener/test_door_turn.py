"""Requests of one turn: asked together, told each its own reply, and no fault but one's own."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from portal.phone_listener.door_turn import DoorTurn
from provision.phone_door import DoorRequest, Reply


@dataclass
class Door:
    """Answers with the target; fails at /broken, and knows nothing of /unknown."""

    asked: list[int] = field(default_factory=list)

    def replies(self, asked: Sequence[DoorRequest]) -> list[Reply | None]:
        self.asked.append(len(asked))
        targets = [one.target for one in asked]
        if "/broken" in targets:
            raise RuntimeError("planted")
        return [None if one == "/unknown" else Reply(200, b"", one.encode()) for one in targets]


@dataclass
class Client:
    turn: DoorTurn
    told: list[str] = field(default_factory=list)

    def ask(self, target: str) -> None:
        request = DoorRequest(target, "", "192.0.2.1", None, has_authorization=False)

        def then(reply: Reply | None) -> None:
            self.told.append(f"{target} {reply.body.decode() if reply else None}")
            if target == "/again":
                self.ask("/more")
            if target == "/fails":
                raise RuntimeError("planted")

        self.turn.ask(request, then, lambda: self.told.append(f"{target} cut"))


def told(door: Door, targets: Sequence[str]) -> list[str]:
    client = Client(DoorTurn(door))
    for target in targets:
        client.ask(target)
    assert client.told == [], "nobody is told before the turn's end"
    client.turn.tell()
    return client.told


def test_all_of_a_turn_are_asked_together_and_told_their_own_reply() -> None:
    door = Door()
    assert told(door, ["/a", "/unknown", "/b"]) == ["/a /a", "/unknown None", "/b /b"]
    assert door.asked == [3]


def test_what_is_asked_on_being_told_is_told_in_the_same_turn() -> None:
    door = Door()
    assert told(door, ["/again", "/a"]) == ["/again /again", "/a /a", "/more /more"]
    assert door.asked == [2, 1]


def test_a_fault_at_the_door_costs_the_connection_that_caused_it() -> None:
    assert told(Door(), ["/a", "/broken", "/b"]) == ["/a /a", "/broken cut", "/b /b"]


def test_a_fault_of_one_that_is_told_costs_its_own_connection() -> None:
    assert told(Door(), ["/a", "/fails", "/b"]) == ["/a /a", "/fails /fails", "/fails cut", "/b /b"]
