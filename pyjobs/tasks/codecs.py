"""How arguments and results become job data, which is what `pyjobs.codec` carries.

`Typed` is what counts if nothing else is said. The others are for those who ask for them: with
`SignedPickle` whoever has the key can run any code in the workers; with `Encrypted` nobody without
the key can read what a job is about.
"""

from __future__ import annotations

import hashlib
import hmac
import pickle
from typing import Any, Protocol

from msgpack import ExtType

from pyjobs import codec
from pyjobs.errors import DecodingError, EncodingError, InvalidArgument

SIGNED, SEALED = 80, 81
"""Numbers of the extension types of what is signed, and of what is encrypted."""

LEAST_KEY = 16
"""Bytes of a key for signatures, at least."""


class Packer(Protocol):
    """What knows of a value how it travels: the arguments of a function, or its result."""

    def pack(self, value: Any, path: str) -> Any:
        """Return what `pyjobs.codec` carries; raises EncodingError, InvalidArgument."""

    def unpack(self, data: Any, path: str) -> Any:
        """Return the value; raises DecodingError."""


class Codec(Protocol):
    """Turns values into job data and back."""

    def dump(self, value: Any, packer: Packer, path: str) -> Any:
        """Return what `pyjobs.codec` carries; `path` is said of what is refused."""

    def load(self, data: Any, packer: Packer, path: str) -> Any:
        """Return the value; raises DecodingError."""


class Typed:
    """By annotation, or as what says itself what it is; see `docs/tasks.md` for what it carries."""

    def dump(self, value: Any, packer: Packer, path: str) -> Any:
        """See Codec."""
        try:
            return packer.pack(value, path)
        except RecursionError:
            raise EncodingError(f"{path}: is nested too deeply, or contains itself") from None

    def load(self, data: Any, packer: Packer, path: str) -> Any:
        """See Codec."""
        return packer.unpack(data, path)


class SignedPickle:
    """Anything that pickle takes, signed with HMAC-SHA256; what is not signed so is not read.

    `keys` are texts or bytes, 16 bytes or more: the first signs, all are taken when reading, so
    that a key can be replaced. Whoever has a key can run any code where jobs are run.
    """

    def __init__(self, *keys: str | bytes) -> None:
        self._keys = [key.encode() if isinstance(key, str) else key for key in keys]
        if not keys or any(len(key) < LEAST_KEY for key in self._keys):
            raise InvalidArgument(f"keys: one or more, each of {LEAST_KEY} bytes or more")

    def dump(self, value: Any, packer: Packer, path: str) -> Any:  # noqa: ARG002 - takes anything
        """See Codec."""
        try:
            body = pickle.dumps(value)
        except Exception as error:  # an object's own code may fail in any way
            raise EncodingError(f"{path}: cannot be pickled: {error}") from error
        return ExtType(SIGNED, _signature(self._keys[0], body) + body)

    def load(self, data: Any, packer: Packer, path: str) -> Any:  # noqa: ARG002 - as for dump
        """See Codec."""
        if not isinstance(data, ExtType) or data.code != SIGNED:
            raise DecodingError(f"{path}: is not signed")
        length = hashlib.sha256().digest_size
        signature, body = data.data[:length], data.data[length:]
        if not any(hmac.compare_digest(_signature(key, body), signature) for key in self._keys):
            raise DecodingError(f"{path}: is signed with another key, or was changed")
        return pickle.loads(body)  # noqa: S301 - by somebody who has the key


def _signature(key: bytes, body: bytes) -> bytes:
    return hmac.digest(key, body, "sha256")


class Encrypted:
    """What another codec makes, encrypted and signed with Fernet: needs `pyjobs[encryption]`.

    `keys` are those of `cryptography.fernet.Fernet.generate_key()`: the first encrypts, all are
    taken when reading. Tags, klass, queue, context and errors are not encrypted.
    """

    def __init__(self, *keys: str | bytes, codec: Codec | None = None) -> None:
        try:
            from cryptography import fernet  # noqa: PLC0415 - of an optional extra
        except ImportError as error:
            raise InvalidArgument("Encrypted: needs pip install 'pyjobs[encryption]'") from error
        if not keys:
            raise InvalidArgument("keys: one or more")
        try:
            self._fernet = fernet.MultiFernet([fernet.Fernet(key) for key in keys])
        except ValueError as error:
            raise InvalidArgument(f"keys: {error}") from None
        self._unreadable = fernet.InvalidToken
        self._inner = codec or Typed()

    def dump(self, value: Any, packer: Packer, path: str) -> Any:
        """See Codec."""
        body = codec.encode(self._inner.dump(value, packer, path))
        return ExtType(SEALED, self._fernet.encrypt(body))

    def load(self, data: Any, packer: Packer, path: str) -> Any:
        """See Codec."""
        if not isinstance(data, ExtType) or data.code != SEALED:
            raise DecodingError(f"{path}: is not encrypted")
        try:
            body = self._fernet.decrypt(data.data)
        except self._unreadable:
            raise DecodingError(f"{path}: is encrypted with another key, or was changed") from None
        return self._inner.load(codec.decode(body), packer, path)
