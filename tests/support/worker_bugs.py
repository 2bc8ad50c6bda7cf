"""Bugs in `streaming.records`: its code runs in the Python workers of Spark, where no patch of this process arrives."""

from types import ModuleType
from typing import Any

import pytest

from streaming.transforms import staging


def patch_in_workers(patch: pytest.MonkeyPatch, module: ModuleType, name: str, value: Any) -> None:
    """Replaces `module.name` during each verdict, by a judge that is sent to the workers; they serve other tests too.

    The functions inside are local, so that they are sent as code and not by name.
    """
    make = staging.make_judge

    def make_patched(*arguments: Any) -> Any:
        judge = make(*arguments)

        def judge_patched(record: bytes | None, kafka_us: int) -> Any:
            right = getattr(module, name)
            setattr(module, name, value)
            try:
                return judge(record, kafka_us)
            finally:
                setattr(module, name, right)

        return judge_patched

    patch.setattr(staging, "make_judge", make_patched)
