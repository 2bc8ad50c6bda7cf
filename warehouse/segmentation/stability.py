"""How far two assignments of the same authors agree."""

import numpy as np
import numpy.typing as npt

Labels = npt.NDArray[np.int64]


def adjusted_rand(one: Labels, other: Labels) -> float:
    """The adjusted Rand index (Hubert and Arabie, 1985): 1 the same groups, 0 as by chance, whatever their numbers."""
    table = np.zeros((one.max() + 1, other.max() + 1))
    np.add.at(table, (one, other), 1)
    together, in_one, in_other = (_count_pairs(cells) for cells in (table, table.sum(1), table.sum(0)))
    expected = in_one * in_other / _count_pairs(np.array([len(one)]))
    highest = (in_one + in_other) / 2
    return 1.0 if highest == expected else float((together - expected) / (highest - expected))


def _count_pairs(sizes: npt.NDArray[np.float64]) -> float:
    return float((sizes * (sizes - 1) / 2).sum())
