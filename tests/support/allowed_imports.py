"""A contract for import-linter: a package may import what is listed and the standard library, nothing else."""

import sys
from typing import Any

from grimp import ImportGraph
from importlinter import Contract, ContractCheck, fields, output


class AllowedImports(Contract):  # type: ignore[misc]  # import-linter's base class has no types
    """`source`: a package of ours; `allowed`: top-level names of other packages that it may import directly."""

    source = fields.ModuleField()
    allowed = fields.SetField(subfield=fields.StringField())

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:
        """Looks at each direct import of the package and its modules."""
        package = self.source.name
        modules = {package, *graph.find_descendants(package)}
        found = {(module, name) for module in modules for name in graph.find_modules_directly_imported_by(module)}
        refused = sorted(pair for pair in found if not self._is_allowed(pair[1], modules))
        return ContractCheck(kept=not refused, metadata={"refused": refused})

    def render_broken_contract(self, check: ContractCheck) -> None:
        """One line for each import that is not allowed."""
        for module, name in check.metadata["refused"]:
            output.print_error(f"{module} imports {name}, which is not in the list")

    def _is_allowed(self, name: str, modules: set[Any]) -> bool:
        return name in modules or name.partition(".")[0] in {*self.allowed, *sys.stdlib_module_names}
