"""ccxt without its hundred venues. The packages `ccxt`, `ccxt.async_support` and `ccxt.pro` import all of them, which takes
most of a collector's start and half of its memory. Here the packages are empty, and a venue is imported when it is used.

Only this module imports ccxt, so that no other module of ccxt comes first."""

from __future__ import annotations

import sys
from importlib import import_module
from importlib.util import find_spec, module_from_spec
from pkgutil import iter_modules
from types import ModuleType
from typing import Any

__all__ = ("ASYNC", "STREAMS", "TICK_SIZE", "errors", "venue_class", "venue_ids")
ASYNC, STREAMS = "ccxt.async_support", "ccxt.pro"


def venue_class(package: str, ccxt_id: str) -> Any:
    """Return ccxt's class of a venue from ASYNC or STREAMS. Return None when the package has no such venue."""
    return getattr(sys.modules[package], ccxt_id) if ccxt_id in venue_ids(package) else None


def venue_ids(package: str) -> frozenset[str]:
    """Return the ids of all venues in ASYNC or STREAMS."""
    return frozenset(module.name for module in iter_modules(sys.modules[package].__path__) if not module.ispkg)


class _Package(ModuleType):
    """A package of ccxt. The attribute with the name of a venue is its class, as in the whole package."""

    def __setattr__(self, name: str, value: Any) -> None:
        """Set an attribute. The import system calls this with each module of the package."""
        inner = getattr(value, name, None)
        super().__setattr__(name, inner if isinstance(inner, type) else value)

    def __getattr__(self, name: str) -> Any:
        """Import a venue, or return one of ccxt's basic classes. Raise AttributeError for any other name."""
        if name == "Exchange":
            return import_module(f"{self.__name__}.base.exchange").Exchange
        error = getattr(import_module("ccxt.base.errors"), name, None)
        if error is not None:
            return error
        if name.startswith("_") or find_spec(f"{self.__name__}.{name}") is None:
            raise AttributeError(f"{self.__name__} has no {name}")
        import_module(f"{self.__name__}.{name}")
        return self.__dict__[name]


def _load_empty(name: str) -> None:
    if name in sys.modules:
        return
    spec = find_spec(name)
    if spec is None:
        raise ModuleNotFoundError(f"No module named {name!r}", name=name)
    package = module_from_spec(spec)
    package.__class__ = _Package
    sys.modules[name] = package
    parent, _, own_name = name.rpartition(".")
    if parent:
        setattr(sys.modules[parent], own_name, package)


for _name in ("ccxt", ASYNC, STREAMS):
    _load_empty(_name)

from ccxt.base import errors  # noqa: E402 - the packages must come first
from ccxt.base.decimal_to_precision import TICK_SIZE  # noqa: E402
