"""A JSON object read value by value, each with the type that its reader expects."""

from simulator.refusal import RefusedError


class JsonObject:
    """One object; a missing or misshapen value raises `error` with `where` and the value's name."""

    def __init__(self, value: object, where: str, error: type[RefusedError]) -> None:
        if not isinstance(value, dict):
            raise error(f"{where} is no JSON object")
        self.where = where
        self._values: dict[str, object] = value
        self._error = error

    def optional_text(self, name: str) -> str | None:
        """The text, None where it is absent or null."""
        return self.text(name) if self.has(name) else None

    def optional_number(self, name: str) -> int | None:
        """The whole number, None where it is absent or null."""
        return self.number(name) if self.has(name) else None

    def has(self, name: str) -> bool:
        """Whether the value is there and is not null."""
        return self._values.get(name) is not None

    def text(self, name: str) -> str:
        value = self._values.get(name)
        if not isinstance(value, str):
            raise self.wrong(name, "text")
        return value

    def number(self, name: str) -> int:
        value = self._values.get(name)
        if not isinstance(value, int) or isinstance(value, bool):
            raise self.wrong(name, "whole number")
        return value

    def decimal(self, name: str) -> float:
        value = self._values.get(name)
        if not isinstance(value, int | float) or isinstance(value, bool):
            raise self.wrong(name, "number")
        return float(value)

    def flag(self, name: str) -> bool:
        value = self._values.get(name)
        if not isinstance(value, bool):
            raise self.wrong(name, "true or false")
        return value

    def items(self, name: str) -> list[object]:
        value = self._values.get(name)
        if not isinstance(value, list):
            raise self.wrong(name, "list")
        return value

    def texts(self, name: str) -> tuple[str, ...]:
        items = self.items(name)
        if not all(isinstance(item, str) for item in items):
            raise self.wrong(name, "list of texts")
        return tuple(str(item) for item in items)

    def objects(self, name: str) -> list["JsonObject"]:
        return [
            JsonObject(item, f"{self.where}, {name}[{index}]", self._error)
            for index, item in enumerate(self.items(name))
        ]

    def object(self, name: str) -> "JsonObject":
        return JsonObject(self._values.get(name), f"{self.where}, {name}", self._error)

    def names(self) -> tuple[str, ...]:
        """The names of all values, in order."""
        return tuple(self._values)

    def wrong(self, name: str, kind: str) -> RefusedError:
        """The error that says that `name` is not of this kind."""
        return self._error(f"{self.where}: {name} is no {kind}")
