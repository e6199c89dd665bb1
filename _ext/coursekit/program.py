"""Programs that a reader can run, from the tables of the doctor's tests: helpers are written out where they are called.

The tests build hundreds of models from a few short functions. On the page one model stands alone, so a call of such a
function becomes what the function does, with the arguments put in: `logits(HOT)` becomes a `Sequential` and `compile`.
"""

import ast
import copy
import functools
import subprocess
import sys
import tempfile
from pathlib import Path

KEPT = {"layers", "losses", "metrics"}  # names that a program imports from Keras
MODEL = "model"  # what the helpers and the programs call it
ABSENT = ast.Constant(None)  # stands for an argument that was not given and is None


@functools.cache
def names_in(source):
    """Return the names that a piece of code takes from outside: those it reads, without those that it makes."""
    nodes_of = list(ast.walk(ast.parse(source)))
    made = {node.arg for node in nodes_of if isinstance(node, ast.arg)}
    made |= {node.id for node in nodes_of if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    return {node.id for node in nodes_of if isinstance(node, ast.Name)} - made


def used(text, sources):
    """Return the sources of the names that a text uses, and of those that these use, in the order of the files."""
    names, todo = set(), names_in(text) & set(sources)
    while todo:
        names |= todo
        todo = {n for name in todo for n in names_in(sources[name]) if n in sources and n not in names}
    return {name: source for name, source in sources.items() if name in names}


def body_of(function):
    """Return what a function does, without its docstring."""
    body = function.body
    return body[1:] if ast.get_docstring(function) is not None else body


def truth(node):
    """Return whether a piece of code is true, as far as it can be seen; or None."""
    if isinstance(node, ast.Constant):
        return bool(node.value)
    if isinstance(node, ast.List | ast.Tuple):
        return bool(node.elts)
    return True if isinstance(node, ast.Call | ast.Lambda | ast.Name) else None  # a name stands for a function here


def arguments(call, function):
    """Return what a call gives to the parameters of a function, by name; None where that cannot be seen."""
    given, rest = function.args, list(call.args)
    if any(isinstance(arg, ast.Starred) for arg in rest) or any(word.arg is None for word in call.keywords):
        return None
    words = {word.arg: word.value for word in call.keywords}
    names = [arg.arg for arg in given.args]
    found = dict(zip(names, rest, strict=False))
    if given.vararg:
        found[given.vararg.arg] = rest[len(names) :]
    defaults = dict(zip(names[len(names) - len(given.defaults) :], given.defaults, strict=True))
    defaults |= {arg.arg: value for arg, value in zip(given.kwonlyargs, given.kw_defaults, strict=True)}
    for name in [*names, *(arg.arg for arg in given.kwonlyargs)]:
        if name not in found:
            default = defaults.get(name)
            found[name] = words.pop(name, ABSENT if getattr(default, "value", 0) is None else default)
    if given.kwarg:
        found[given.kwarg.arg] = words
    return None if None in found.values() else found


class PutIn(ast.NodeTransformer):
    """Puts arguments into the body of a function; `counts` says how often each was put in."""

    def __init__(self, found):
        self.found, self.counts = found, dict.fromkeys(found, 0)

    def visit_Name(self, node):
        """Return the argument of that name."""
        if node.id not in self.found or not isinstance(node.ctx, ast.Load):
            return node
        self.counts[node.id] += 1
        value = self.found[node.id]
        if isinstance(value, list):
            return ast.List([copy.deepcopy(each) for each in value], ast.Load())
        return value if value is ABSENT else copy.deepcopy(value)

    def visit_BoolOp(self, node):
        """Settle `given or default` where what was given can be seen."""
        self.generic_visit(node)
        while isinstance(node.op, ast.Or) and len(node.values) > 1 and truth(node.values[0]) is False:
            node.values.pop(0)
        return node.values[0] if len(node.values) == 1 or truth(node.values[0]) else node

    def visit_IfExp(self, node):
        """Settle `one if given else other`."""
        self.generic_visit(node)
        known = truth(node.test)
        return node if known is None else node.body if known else node.orelse

    def visit_Call(self, call):
        """Write out starred arguments, and leave out those that are absent."""
        for word in [word for word in call.keywords if word.arg is None and isinstance(word.value, ast.Name)]:
            if isinstance(options := self.found.get(word.value.id), dict):
                at = call.keywords.index(word)
                call.keywords[at : at + 1] = [ast.keyword(*pair) for pair in options.items()]
        self.generic_visit(call)
        call.keywords = [word for word in call.keywords if word.value is not ABSENT]
        call.args = starred(call.args)
        while call.args and call.args[-1] is ABSENT:
            call.args.pop()
        return call

    def visit_List(self, node):
        """Write out starred elements."""
        self.generic_visit(node)
        node.elts = starred(node.elts)
        return node


def starred(elements):
    """Return elements with the lists that are starred among them written out."""
    found = []
    for each in elements:
        listed = isinstance(each, ast.Starred) and isinstance(each.value, ast.List)
        found.extend(each.value.elts if listed else [each])
    return found


class WriteOut(ast.NodeTransformer):
    """Replaces calls of functions that only return something by what they return, and names of texts by the texts."""

    def __init__(self, known):
        self.known = known

    def visit_Name(self, node):
        """Return the text of a name that stands for one."""
        value = self.known.get(node.id)
        return copy.deepcopy(value) if isinstance(value, ast.Constant) and isinstance(node.ctx, ast.Load) else node

    def visit_Call(self, call):
        """Return what the function returns, or the call as it is."""
        self.generic_visit(call)
        function = self.known.get(getattr(call.func, "id", None))
        if isinstance(call.func, ast.Lambda) and not call.args + call.keywords + call.func.args.args:
            return self.visit(call.func.body)
        if isinstance(function, ast.Call):  # functools.partial
            call.func, call.keywords = copy.deepcopy(function.args[0]), call.keywords + copy.deepcopy(function.keywords)
            return call
        if not isinstance(function, ast.FunctionDef) or not isinstance(body_of(function)[0], ast.Return):
            return call
        result = put_in(call, function, [body_of(function)[0].value])
        return call if result is None else self.visit(result[0])


def put_in(call, function, parts):
    """Return parts of a function with the arguments of a call, or None where one would be worked out twice."""
    if (found := arguments(call, function)) is None:
        return None
    visitor = PutIn(found)
    result = [visitor.visit(copy.deepcopy(part)) for part in parts]
    twice = [found[name] for name, count in visitor.counts.items() if count > 1]
    parts = [part for each in twice if isinstance(each, ast.AST) for part in ast.walk(each)]
    return None if any(isinstance(part, ast.Call) for part in parts) else result


def statements(expression, known):
    """Return the statements that make a model, with the helpers written out; at the end it is called `model`."""
    expression = WriteOut(known).visit(copy.deepcopy(expression))
    function = known.get(getattr(getattr(expression, "func", None), "id", None))
    if isinstance(function, ast.FunctionDef) and isinstance(body_of(function)[-1], ast.Return):
        *body, last = body_of(function)
        if isinstance(last.value, ast.Name) and last.value.id == MODEL:
            first = []
            if MODEL in [arg.arg for arg in function.args.args]:  # it changes a model that it gets
                first = statements(expression.args[0], known)
                expression.args[0] = ast.Name(MODEL, ast.Load())
            if (result := put_in(expression, function, body)) is not None:
                return first + [each for line in result for each in written_out(line, known)]
    return [ast.Assign([ast.Name(MODEL, ast.Store())], expression)]


def written_out(line, known):
    """Return the statements that a line of a function becomes."""
    if isinstance(line, ast.Assign) and getattr(line.targets[0], "id", None) == MODEL:
        return statements(line.value, known)
    return [WriteOut(known).visit(line)]


@functools.cache
def to_write_out(source):
    """Return what stands behind a name, where it is a function, a functools.partial or a text; else None."""
    (node,) = ast.parse(source).body
    value = node if isinstance(node, ast.FunctionDef) else getattr(node, "value", None)
    partial = isinstance(value, ast.Call) and ast.unparse(value.func) == "functools.partial"
    text = isinstance(value, ast.Constant) and isinstance(value.value, str)
    return value if isinstance(value, ast.FunctionDef) or partial or text else None


def program(sick, sources):
    """Return a program, not yet formatted, that diagnoses a sick model: imports, what makes the model, and the model.

    Parameters
    ----------
    sick : str
        A row of a table: what builds the model, x, y, and weights if it has some.
    sources : dict of str to str
        The source of each name in the tables' files.
    """
    known = {name: value for name, source in sources.items() if (value := to_write_out(source)) is not None}
    build, *rest = ast.parse(sick, mode="eval").body.elts
    made = statements(ast.Call(build, [], []), known)
    rest = [WriteOut(known).visit(each) for each in rest]
    words = [
        ast.keyword(key.value, value) for more in rest[2:] for key, value in zip(more.keys, more.values, strict=True)
    ]
    batch = [each for each in rest[:2] if not (isinstance(each, ast.Constant) and each.value is None)]
    asked = ast.Call(ast.Name("diagnose", ast.Load()), [ast.Name(MODEL, ast.Load()), *batch], words)
    end = ast.Expr(ast.Call(ast.Name("report", ast.Load()), [asked], []))
    tree = ast.fix_missing_locations(ast.Module([*made, end], []))
    text = ast.unparse(tree)
    parts = used(text, {name: source for name, source in sources.items() if name not in KEPT})
    whole = "\n\n".join(["\n".join(parts.values()), f"keras.utils.set_random_seed(1)\n{text}"])
    names = {node.id for node in ast.walk(ast.parse(whole)) if isinstance(node, ast.Name)}
    imports = ["import functools"] * ("functools" in names) + ["import keras"]
    imports += ["import numpy as np"] * ("np" in names) + ["import tensorflow as tf"] * ("tf" in names)
    if kept := sorted(names & KEPT):
        imports.append(f"from keras import {', '.join(kept)}")
    return "\n".join([*imports, "", "from softmax_doctor import diagnose, report", "", whole])


def formatted(texts):
    """Return programs in the form of the course's cells; of all at once, since each start of ruff takes its time."""
    command = [sys.executable, "-m", "ruff", "format", "--isolated", "--no-cache", "--line-length", "84"]
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder, f"{i}.py") for i in range(len(texts))]
        for path, text in zip(paths, texts, strict=True):
            path.write_text(text)
        subprocess.run([*command, folder], capture_output=True, check=True)
        return [path.read_text().strip() for path in paths]
