"""`dataclass(frozen=True, slots=True)`, at a fifteenth of what the standard library's costs to define.

That one compiles six methods for each class when its module is imported: 0.3 ms each, of 150 classes more than half of
what `devbox doctor` took to start. Here five methods are shared by all classes and `__init__` is compiled when a value
is first made. Type checkers see the standard decorator; `fields`, `replace`, `asdict`, `match`, `copy` and `pickle`
work as with it.
"""

from __future__ import annotations

from dataclasses import MISSING, Field, FrozenInstanceError, fields
from dataclasses import dataclass as _standard
from operator import attrgetter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dataclasses import dataclass as dataclass
else:

    def dataclass(cls: type | None = None, /, **options: bool) -> Any:
        """With any other options the standard library's own. A subclass must be defined as its base is."""
        if options == {"frozen": True, "slots": True}:
            return _define
        return _standard(cls, **options)


def _define(cls: type) -> type:
    cls.__doc__ = cls.__doc__ or cls.__name__  # without one the standard library spells out the signature, which costs
    made: Any = _standard(init=False, repr=False, eq=False, slots=True)(cls)
    compared = [field.name for field in fields(made) if field.compare]
    made._values_compared = staticmethod(_values(compared))
    shared: dict[str, Any] = {
        "__init__": _LateInit(made), "__repr__": _repr, "__eq__": _eq, "__hash__": _hash, "__setattr__": _refuse,
        "__delattr__": _refuse, "__getstate__": _state, "__setstate__": _restore,
    }
    for name, method in shared.items():
        if cls.__dict__.get(name) is None:  # a class with an `__eq__` of its own has None for `__hash__`
            setattr(made, name, method)
    return made  # type: ignore[no-any-return]


class _LateInit:
    """Becomes the class's `__init__` as soon as somebody asks for it."""

    def __init__(self, made: Any) -> None:
        self._made = made

    def __get__(self, instance: object, owner: type | None = None) -> Any:
        init = _compile_init(fields(self._made), hasattr(self._made, "__post_init__"))
        init.__qualname__ = f"{self._made.__qualname__}.__init__"
        self._made.__init__ = init
        return init.__get__(instance, owner)


def _compile_init(members: tuple[Field[Any], ...], has_post_init: bool) -> Any:
    """The method as the standard library writes it: a parameter for each field, and a factory's value made in it."""
    names: dict[str, Any] = {"_set": object.__setattr__, "_MISSING": MISSING}
    plain: list[str] = ["self"]
    by_name: list[str] = []
    body: list[str] = []
    for field in members:
        name, value = field.name, field.name
        if field.default_factory is not MISSING:
            names[f"_make_{name}"] = field.default_factory
            value = f"_make_{name}() if {name} is _MISSING else {name}" if field.init else f"_make_{name}()"
        elif not field.init and field.default is MISSING:
            continue  # `__post_init__` sets it
        elif field.default is not MISSING:
            names[f"_default_{name}"] = field.default
            value = name if field.init else f"_default_{name}"
        if field.init:
            default = "_MISSING" if field.default_factory is not MISSING else f"_default_{name}"
            optional = field.default_factory is not MISSING or field.default is not MISSING
            (by_name if field.kw_only else plain).append(f"{name}={default}" if optional else name)
        body.append(f" _set(self, {name!r}, {value})")
    parameters = [*plain, *(["*", *by_name] if by_name else [])]
    body.append(" self.__post_init__()" if has_post_init else " pass")
    exec(f"def __init__({', '.join(parameters)}):\n" + "\n".join(body), names)
    init = names["__init__"]
    init.__annotations__ = {field.name: field.type for field in members if field.init} | {"return": None}
    return init


def _values(names: list[str]) -> Any:
    """What reads these attributes at once, as a tuple where there are several."""
    return attrgetter(*names) if names else lambda value: ()


def _repr(self: Any) -> str:
    shown = ", ".join(f"{field.name}={getattr(self, field.name)!r}" for field in fields(self) if field.repr)
    return f"{self.__class__.__qualname__}({shown})"


def _eq(self: Any, other: Any) -> Any:
    if other.__class__ is not self.__class__:
        return NotImplemented
    values = self._values_compared
    return values(self) == values(other)


def _hash(self: Any) -> int:
    return hash(self._values_compared(self))


def _refuse(self: object, name: str, *value: object) -> None:
    raise FrozenInstanceError(f"cannot {'assign to' if value else 'delete'} field {name!r}")


def _state(self: Any) -> list[Any]:
    return [getattr(self, field.name) for field in fields(self)]


def _restore(self: Any, state: list[Any]) -> None:
    for field, value in zip(fields(self), state, strict=True):
        object.__setattr__(self, field.name, value)
