"""Small faults that can be put into a module: one place of its syntax tree changed."""

from __future__ import annotations

import ast
import copy
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import CodeType

ROOT = Path(__file__).parents[3]

COMPARED: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
}


FUNCTIONS = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, slots=True)
class Function:
    """A function or method that is in no other: its file under the root, its qualified name and the line where its code begins."""

    path: str
    name: str
    line: int


@dataclass(frozen=True, slots=True)
class Mutant:
    """One changed place: its file under the root, its line, and what was done.

    ``number`` is its place among those of the file; ``function`` is None where the change is outside of every function, in what
    runs when the module is imported.
    """

    path: str
    number: int
    line: int
    what: str
    function: Function | None

    @property
    def package(self) -> str:
        """Which of the packages it is in."""
        return self.path.split("/")[1]

    def text(self) -> str:
        """The module's source text with the change, without its comments."""
        return ast.unparse(self._tree())

    def code(self) -> CodeType:
        """The function's code with the change. Its lines are those of the file. Raises LookupError where it has no function."""
        if self.function is None:
            raise LookupError(self.path)
        module = compile(self._tree(), str(ROOT / self.path), "exec", dont_inherit=True)
        return functions(module)[self.function.name, self.function.line]

    def _tree(self) -> ast.Module:
        for number, (_, tree) in enumerate(_walk(self.path)):
            if number == self.number:
                return ast.fix_missing_locations(tree)
        raise LookupError(self.path)


def functions(module: CodeType) -> dict[tuple[str, int], CodeType]:
    """The code of a module's functions and methods, but not of those in functions, by qualified name and first line."""
    found: dict[tuple[str, int], CodeType] = {}
    for one in module.co_consts:
        if isinstance(one, CodeType):
            # Of a class its body is code, too, which is run once; it alone has no local variables of its own.
            is_class = "__module__" in one.co_names and "__qualname__" in one.co_names and not one.co_varnames
            found |= functions(one) if is_class else {(one.co_qualname, one.co_firstlineno): one}
    return found


def _changes(node: ast.AST) -> Iterator[tuple[str, ast.AST]]:
    """Other nodes in place of this one, with what is different."""
    new = copy.deepcopy(node)
    match new:
        case ast.Compare(ops=[op]) if type(op) in COMPARED:
            other = COMPARED[type(op)]
            new.ops = [other()]
            yield f"{type(op).__name__} for {other.__name__}", new
        case ast.BoolOp():
            new.op = ast.Or() if isinstance(new.op, ast.And) else ast.And()
            yield "and for or, or the other way", new
        case ast.UnaryOp(op=ast.Not()):
            yield "not left out", new.operand
        case ast.Constant(value=bool() as value):
            yield f"{value} turned", ast.Constant(not value)
        case ast.Constant(value=int() as value):
            yield f"{value} and one", ast.Constant(value + 1)
        case ast.If() | ast.IfExp() | ast.While():
            new.test = ast.UnaryOp(ast.Not(), new.test)
            yield "condition turned", new
        case ast.Return(value=ast.Constant(value=None | bool())):
            return  # None is the same, or where only its truth counts; True and False are turned
        case ast.Return(value=ast.expr()):
            new.value = ast.Constant(None)
            yield "returns None", new
        case ast.Expr(value=ast.Call(func=ast.Name("assert_never"))):
            return  # it is for the type checker, and never runs
        case ast.Expr(value=ast.Call()):
            yield "call left out", ast.Pass()


def mutants(path: str) -> list[Mutant]:
    """All mutants of a file under the root."""
    found = []
    for number, (mutant, _) in enumerate(_walk(path)):
        line, what, function = mutant
        found.append(Mutant(path, number, line, what, function))
    return found


def _walk(path: str) -> Iterator[tuple[tuple[int, str, Function | None], ast.Module]]:
    """Each change and the tree while it is in there: the next one takes it back."""
    tree = ast.parse((ROOT / path).read_text())
    skipped = {id(one) for node in ast.walk(tree) for left_out in _left_out(node) for one in ast.walk(left_out)}
    inside = _functions_of(tree, path)
    for parent in ast.walk(tree):
        for name, value in ast.iter_fields(parent):
            for at, node in enumerate(value) if isinstance(value, list) else [(-1, value)]:
                if not isinstance(node, ast.AST) or id(node) in skipped or not hasattr(node, "lineno"):
                    continue
                for what, other in _changes(node):
                    if at >= 0:
                        value[at] = other
                    else:
                        setattr(parent, name, other)
                    yield (node.lineno, what, inside.get(id(node))), tree
                    if at >= 0:
                        value[at] = node
                    else:
                        setattr(parent, name, node)


def _left_out(node: ast.AST) -> Iterator[ast.AST]:
    """What does not run: annotations, imports for types only, and what is for another operating system."""
    if isinstance(node, ast.AnnAssign | ast.arg) and node.annotation:
        yield node.annotation
    if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
        yield node
    if isinstance(node, ast.If) and ast.unparse(node.test) == "sys.platform == 'win32'":
        yield from node.orelse if sys.platform == "win32" else node.body


def _functions_of(tree: ast.Module, path: str) -> dict[int, Function]:
    """The outermost function that each node is in the body of, by the node's id."""
    found: dict[int, Function] = {}

    def look(parent: ast.AST, prefix: str) -> None:
        for node in ast.iter_child_nodes(parent):
            if isinstance(node, FUNCTIONS):
                line = min([node.lineno, *(one.lineno for one in node.decorator_list)])
                function = Function(path, prefix + node.name, line)
                found.update({id(inner): function for one in node.body for inner in ast.walk(one)})
            else:
                look(node, f"{prefix}{node.name}." if isinstance(node, ast.ClassDef) else prefix)

    look(tree, "")
    return found
