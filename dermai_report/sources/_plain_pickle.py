"""A pickle of plain values and numpy numbers, read without running anything in it.

A pickle is a program: loading it the usual way can call anything. Here every name in it is looked up in a short list of
stand-ins of our own (nothing of numpy's is called either), and operations that reserve memory by their argument are not known.
The unpickler is Python's own in Python: the one in C reserves a table as large as a number in the file says.
"""

from __future__ import annotations

import functools
import io
import pickle
import struct
from collections.abc import Callable
from typing import Any, ClassVar

from dermai_report.errors import DermaiError

LARGEST = 64 * 1024**2  # bytes; a history of 10,000 epochs takes one
HINT = "save the history as JSON: json.dump({k: [float(v) for v in vs] for k, vs in history.history.items()}, file)"
_FORMATS = {"f4": "f", "f8": "d", "f2": "e", "i1": "b", "i2": "h", "i4": "i", "i8": "q", "u1": "B", "u2": "H", "u4": "I"}
_FORMATS |= {"u8": "Q", "b1": "?"}
_RESERVING = (pickle.NEXT_BUFFER, pickle.READONLY_BUFFER, pickle.EXT1, pickle.EXT2, pickle.EXT4)
_REFUSED = b"".join((*_RESERVING, pickle.PERSID, pickle.BINPERSID, pickle.INST, pickle.OBJ, pickle.NEWOBJ, pickle.NEWOBJ_EX))


def load(data: bytes, name: str) -> Any:
    """The values of the pickle; raises DermaiError, naming the file, where it is none, or holds anything else."""
    if len(data) > LARGEST:
        raise DermaiError(f"{name} is larger than {LARGEST // 1024**2} MB, the most that is read of a pickle", HINT)
    try:
        return _Unpickler(data, name).load()
    except DermaiError:
        raise
    except RecursionError:
        raise DermaiError(f"{name} is nested too deeply", HINT) from None
    except Exception as error:  # a damaged pickle fails in any way
        raise DermaiError(f"{name} is a damaged pickle: {type(error).__name__}", HINT) from None


class _Dtype:
    """numpy.dtype: its code ("f4"), and the byte order."""

    def __init__(self, code: str, *_: Any) -> None:
        self.code, self.order = str(code), "<"

    def __setstate__(self, state: Any) -> None:
        self.order = state[1] if state[1] in ("<", ">") else "<"

    def number(self, raw: bytes) -> float:
        return float(struct.unpack(self.order + _FORMATS[self.code], raw)[0])

    def numbers(self, raw: bytes) -> list[float]:
        return [float(value) for (value,) in struct.iter_unpack(self.order + _FORMATS[self.code], raw)]


class _Array:
    """numpy.ndarray: its numbers or objects as a flat list, made when asked for (one buffer may stand in many arrays)."""

    def __init__(self, *_: Any) -> None:
        self.dtype: Any = None
        self.content: Any = []

    def __setstate__(self, state: Any) -> None:
        _, _, self.dtype, _, self.content = state

    def __len__(self) -> int:
        return len(self.content)

    def tolist(self) -> list[Any]:
        return self.content if isinstance(self.content, list) else self.dtype.numbers(self.content)


def _frombuffer(content: bytes, dtype: Any, *_: Any) -> _Array:
    array = _Array()
    array.dtype, array.content = dtype, content
    return array


def _scalar(dtype: Any, raw: Any = b"") -> Any:
    return dtype.number(raw.encode("latin1") if isinstance(raw, str) else raw)


def _encode(text: Any, _: Any = None) -> Any:
    return text.encode("latin1")


def _empty_dict(*items: Any) -> dict[Any, Any]:
    return dict(items[0]) if items and isinstance(items[0], list) else {}


class _Marker:
    """numpy.ndarray as an argument: never called."""


_STAND_INS: dict[tuple[str, str], Callable[..., Any]] = {
    ("multiarray", "scalar"): _scalar,
    ("multiarray", "_reconstruct"): _Array,
    ("numeric", "_frombuffer"): _frombuffer,
    ("numpy", "dtype"): _Dtype,
    ("numpy", "ndarray"): _Marker,
    ("_codecs", "encode"): _encode,
    ("collections", "OrderedDict"): _empty_dict,
    ("collections", "defaultdict"): _empty_dict,
    ("builtins", "list"): _Marker,
    ("__builtin__", "list"): _Marker,
}


class _Unpickler(pickle._Unpickler):
    dispatch: ClassVar[dict[int, Any]] = {k: v for k, v in pickle._Unpickler.dispatch.items() if k not in _REFUSED}
    read: Callable[[int], bytes]
    append: Callable[[Any], None]

    def __init__(self, data: bytes, name: str) -> None:
        super().__init__(io.BytesIO(data))
        self._name = name

    def load_bytearray8(self) -> None:
        (size,) = struct.unpack("<Q", self.read(8))
        self.append(self.read(size))  # Python's own reserves the size first, whatever the file holds

    dispatch[pickle.BYTEARRAY8[0]] = load_bytearray8

    def find_class(self, module: str, name: str) -> Any:
        home = module.removeprefix("numpy._core.").removeprefix("numpy.core.")
        stand_in = _STAND_INS.get((home, name))
        if stand_in is None:
            raise DermaiError(
                f"{self._name} holds {module}.{name}, and nothing that would run code is read from a pickle", HINT
            )
        # A new object each time: what the file may set on it is gone with it.
        return type(name, (stand_in,), {}) if isinstance(stand_in, type) else functools.partial(stand_in)
