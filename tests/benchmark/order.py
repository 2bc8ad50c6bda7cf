"""In which order contenders run: so that a machine that slowly gets warmer or busier favours none of them."""

from collections.abc import Sequence


def abba(contenders: Sequence[str], rounds: int) -> list[str]:
    """Forth and back, `rounds` times: each contender has the same mean place in the sequence."""
    return [*contenders, *reversed(contenders)] * rounds


def enclose(first: str, others: Sequence[str]) -> list[str]:
    """The shortest sequence with that property for `first` against all others together."""
    return [first, *others, first]


def order_contenders(contenders: Sequence[str], rounds: int) -> list[str]:
    """`abba`, or `enclose` with the first contender where there are no full rounds."""
    if len(contenders) == 1:
        return list(contenders) * max(1, rounds)
    return abba(contenders, rounds) if rounds else enclose(contenders[0], contenders[1:])
