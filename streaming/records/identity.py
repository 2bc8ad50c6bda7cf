"""The deduplication key: 16 bytes that are equal for repeats of an event.

The bytes are in the state of running queries, and `streaming.transforms.deduplication` computes them from silver's rows
after a state reset: a change of the definition makes every stored key useless.
"""

import hashlib


def key_of_event(kind: str, *identity: str) -> bytes:
    """Of a valid record. Each part is preceded by its length: ("a", "bc") differs from ("ab", "c").

    A deletion has another kind than its post, so that neither suppresses the other.
    """
    return _hash("id|" + "".join(f"{len(part)}:{part}" for part in (kind, *identity)))


def key_of_coordinates(generation: int, partition: int, offset: int) -> bytes:
    """Of a record that cannot be used: it never suppresses its corrected version, which has the same identity."""
    return _hash(f"at|{generation}|{partition}|{offset}")


def _hash(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()[:16]
