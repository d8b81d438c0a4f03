"""What type an expression has and what a call calls, as far as the text of the tree at hand and the standard table tell.

Types are written with their packages' full paths: `*net/http.Response`, `[]example.org/bot/store.Item`; "" is not known.
No type checker: interfaces are what they are declared as, type parameters and untyped constants are not known.
"""

from __future__ import annotations

from memwhy.lint import standard
from memwhy.lint.names import Called, Declared, Place, element, fields, imported, split, unversioned
from memwhy.lint.scopes import Variable
from memwhy.lint.source import File, Package
from memwhy.lint.syntax import Node

_BUILTIN_TYPES = frozenset(
    [
        "bool",
        "string",
        "int",
        "int8",
        "int16",
        "int32",
        "int64",
        "uint",
        "uint8",
        "uint16",
        "uint32",
        "uint64",
        "uintptr",
        "byte",
        "rune",
        "float32",
        "float64",
        "complex64",
        "complex128",
        "error",
        "any",
    ]
)
_BUILTINS = frozenset(
    [
        "append",
        "cap",
        "clear",
        "close",
        "complex",
        "copy",
        "delete",
        "imag",
        "len",
        "make",
        "max",
        "min",
        "new",
        "panic",
        "print",
        "println",
        "real",
        "recover",
    ]
)
_DEEPEST = 12
"""How many expressions, types and embedded fields are followed for one answer."""


class Types:
    """Answers for one tree; what was found out once is kept."""

    def __init__(self) -> None:
        self.elsewhere: dict[str, tuple[str, ...]] = {}
        """Results of functions whose source is not in the tree, beside the standard table."""
        self._declared: dict[tuple[Package, str], Declared | None] = {}
        self._variables: dict[tuple[Package, str], str] = {}
        self._depth = 0

    def written(self, node: Node | None, file: File) -> str:
        """The type that a type's node says, seen from file."""
        if node is None:
            return ""
        kind = node.kind
        if kind == "type_identifier":
            name = node.text
            return name if name in _BUILTIN_TYPES else f"{file.package.path}.{name}"
        if kind == "qualified_type":
            package, name_node = node.child("package"), node.child("name")
            if package is None or name_node is None:
                return ""
            if package.text == "C":
                return f"C.{name_node.text}"
            path = file.imports.get(package.text, "")
            return f"{path}.{name_node.text}" if path else ""
        if kind == "pointer_type":
            return "*" + self.written(node.children[0] if node.children else None, file)
        if kind in ("slice_type", "array_type", "implicit_length_array_type"):
            return "[]" + self.written(node.child("element"), file)
        if kind == "map_type":
            return f"map[{self.written(node.child('key'), file)}]{self.written(node.child('value'), file)}"
        if kind == "channel_type":
            return "chan " + self.written(node.child("value"), file)
        if kind == "generic_type":
            return self.written(node.child("type"), file)
        if kind == "parenthesized_type":
            return self.written(node.children[0] if node.children else None, file)
        return "func" if kind == "function_type" else ""

    def package_of(self, name: str, file: File) -> tuple[Package | None, str]:
        """The package in this tree of a full type or function name, and the name's rest."""
        bare, own = name.lstrip("*[]"), file.package.path + "."
        if bare.startswith(own):
            return file.package, bare.removeprefix(own)
        path, _, rest = split(bare)
        return file.package.tree.package_at(path), rest

    def declared(self, package: Package, name: str) -> Declared | None:
        """The declaration of a type of a package in this tree."""
        key = (package, name)
        if key not in self._declared:
            self._declared[key] = self._find_type(package, name)
        return self._declared[key]

    def _find_type(self, package: Package, name: str) -> Declared | None:
        for file, declaration in package.declaring("type", name):
            for spec in declaration.children:
                named, node = spec.child("name"), spec.child("type")
                if named is not None and named.text == name and node is not None:
                    return Declared(file, node)
        return None

    def underlying(self, type: str, file: File) -> Declared | str:
        """What a named type is declared as, through other names; the name itself where it is declared elsewhere."""
        for _ in range(_DEEPEST):
            package, name = self.package_of(type, file)
            found = self.declared(package, name) if package is not None and name else None
            if found is None:
                return type
            further = (
                self.written(found.node, found.file) if found.node.kind in ("type_identifier", "qualified_type") else ""
            )
            if not further or further in _BUILTIN_TYPES:
                return found
            type, file = further, found.file
        return type

    def of(self, node: Node | None, place: Place, which: int = 0) -> str:
        """The type of an expression; of a call with several results, the one asked for."""
        if node is None or self._depth > _DEEPEST:
            return ""
        self._depth += 1
        try:
            return self._of(node, place, which)
        finally:
            self._depth -= 1

    def _of(self, node: Node, place: Place, which: int) -> str:
        kind = node.kind
        if kind == "identifier":
            return self._of_name(node, place)
        if kind == "selector_expression":
            return self._of_selector(node, place)
        if kind == "call_expression":
            called = self.called(node, place)
            return called.conversion or (called.results[which] if which < len(called.results) else "")
        operand = node.child("operand")
        if kind == "parenthesized_expression":
            return self.of(node.children[0] if node.children else None, place, which)
        if kind == "unary_expression":
            inner = self.of(operand, place)
            if node.operator == "&":
                return "*" + inner if inner else ""
            if node.operator == "*":
                return inner.removeprefix("*")
            return inner.removeprefix("chan ") if node.operator == "<-" and inner.startswith("chan ") else ""
        if kind in ("composite_literal", "type_assertion_expression", "type_conversion_expression"):
            return self.written(node.child("type"), place.file) if which == 0 else "bool"
        if kind == "index_expression":
            return element(self.of(operand, place))
        if kind == "slice_expression":
            return self.of(operand, place)
        return "func" if kind == "func_literal" else ""

    def _of_name(self, node: Node, place: Place) -> str:
        variable = place.scopes.variable(node) if place.scopes is not None else None
        if variable is not None:
            return self.of_variable(variable, place)
        return self._of_global(place.file.package, node.text)

    def of_variable(self, variable: Variable, place: Place) -> str:
        """A local variable's type, by its declaration or by what it is first given."""
        if variable.type is not None:
            written = self.written(variable.type, place.file)
            parent = variable.type.parent
            return "[]" + written if parent is not None and parent.kind == "variadic_parameter_declaration" else written
        if variable.kind == "ranged":
            ranged = self.of(variable.value, place)
            return element(ranged) if variable.which == 1 or ranged.startswith("chan ") else ""
        return self.of(variable.value, place, variable.which)

    def _of_global(self, package: Package, name: str) -> str:
        key = (package, name)
        if key not in self._variables:
            self._variables[key] = ""
            for file, declaration in package.declaring("var", name):
                for spec in declaration.walk("var_spec"):
                    names = [given.text for given in spec.fields("name")]
                    if name in names:
                        self._variables[key] = self._of_spec(spec, names.index(name), file)
                        return self._variables[key]
        return self._variables[key]

    def _of_spec(self, spec: Node, index: int, file: File) -> str:
        type, values = spec.child("type"), spec.child("value")
        if type is not None:
            return self.written(type, file)
        if values is None or not values.children:
            return ""
        if len(values.children) > index:
            return self.of(values.children[index], Place(file, None))
        return self.of(values.children[0], Place(file, None), index)

    def _of_selector(self, node: Node, place: Place) -> str:
        operand, field = node.child("operand"), node.child("field")
        if operand is None or field is None:
            return ""
        path = imported(operand, place)
        if path:
            package = place.file.package.tree.package_at(path)
            return (
                self._of_global(package, field.text)
                if package is not None
                else standard.variable(f"{path}.{field.text}")
            )
        return self.of_field(self.of(operand, place), field.text, place.file)

    def of_field(self, type: str, name: str, file: File, depth: int = 0) -> str:
        """The type of a struct's field, embedded structs' among them."""
        bare = type.lstrip("*")
        if not bare or depth > _DEEPEST:
            return ""
        found = self.underlying(bare, file)
        if isinstance(found, str):
            return standard.field(f"{found}.{name}")
        if found.node.kind != "struct_type":
            return ""
        for field in fields(found.node):
            if any(named.text == name for named in field.fields("name")):
                return self.written(field.child("type"), found.file)
        for inner in self._embedded(found):
            if split(inner)[2] == name:
                return inner
            deeper = self.of_field(inner, name, found.file, depth + 1)
            if deeper:
                return deeper
        return ""

    def _embedded(self, found: Declared) -> list[str]:
        """The types embedded in a struct or interface."""
        if found.node.kind == "interface_type":
            elements = [e.children[0] for e in found.node.children if e.kind == "type_elem" and len(e.children) == 1]
            return [self.written(e, found.file) for e in elements]
        return [self.written(f.child("type"), found.file) for f in fields(found.node) if f.child("name") is None]

    def called(self, call: Node, place: Place) -> Called:
        """What a call_expression calls."""
        function = call.child("function")
        while function is not None and function.kind in ("type_instantiation_expression", "index_expression"):
            function = function.children[0] if function.children else None
        if function is None:
            return Called("")
        if function.kind == "func_literal":
            return Called("", literal=function, results=self.results(function, place.file))
        if function.kind == "parenthesized_expression":
            inner = function.children[0] if function.children else None
            if inner is not None and inner.kind == "func_literal":
                return Called("", literal=inner, results=self.results(inner, place.file))
            if inner is not None and inner.kind == "unary_expression" and inner.operator == "*":
                return Called("", conversion="*" + self._type_name(inner.child("operand"), place))
            return Called("")
        if function.kind == "identifier":
            return self._called_name(function, call, place)
        if function.kind == "selector_expression":
            return self._called_selector(function, place)
        return Called("")

    def _type_name(self, node: Node | None, place: Place) -> str:
        """A type that stands where an expression may stand, as in `(*C.char)(p)`."""
        if node is None:
            return ""
        if node.kind == "identifier":
            return node.text if node.text in _BUILTIN_TYPES else f"{place.file.package.path}.{node.text}"
        operand, field = node.child("operand"), node.child("field")
        if node.kind == "selector_expression" and operand is not None and field is not None:
            path = imported(operand, place)
            return f"{path}.{field.text}" if path else ""
        return ""

    def _called_name(self, function: Node, call: Node, place: Place) -> Called:
        variable = place.scopes.variable(function) if place.scopes is not None else None
        if variable is not None:
            value = variable.value
            if value is not None and value.kind == "func_literal":
                return Called("", literal=value, results=self.results(value, place.file))
            if variable.type is not None and variable.type.kind == "function_type":
                return Called("", results=self.results(variable.type, place.file))
            return Called("")
        name = function.text
        if name in _BUILTIN_TYPES:
            return Called("", conversion=name)
        if name in _BUILTINS and place.file.package.function(name) is None:
            made = call.child("arguments")
            first = made.children[0] if made is not None and made.children else None
            if name == "new":
                made_type = self._type_name(first, place) or self.written(first, place.file)
                return Called(name, results=("*" + made_type if made_type else "",))
            return Called(name, results=(self.written(first, place.file),) if name == "make" else ())
        return self._in_package(place.file.package, name)

    def _in_package(self, package: Package, name: str) -> Called:
        full = f"{package.path}.{name}"
        found = package.function(name)
        if found is not None:
            return Called(full, found, results=self.results(found.signature, found.file))
        return Called("", conversion=full) if self.declared(package, name) is not None else Called(full)

    def _called_selector(self, function: Node, place: Place) -> Called:
        operand, field = function.child("operand"), function.child("field")
        if operand is None or field is None:
            return Called("")
        path = imported(operand, place)
        if not path:
            return self.method(self.of(operand, place), field.text, place.file)
        if path == "C":
            return Called(f"C.{field.text}")
        package = place.file.package.tree.package_at(path)
        if package is not None:
            return self._in_package(package, field.text)
        full = f"{path}.{field.text}"
        if full == "unsafe.Pointer":
            return Called("", conversion=full)
        return Called(full, results=standard.results(full) or self.elsewhere.get(unversioned(full), ()))

    def method(self, type: str, name: str, file: File, depth: int = 0) -> Called:
        """The method of a type, promoted ones among them."""
        bare = type.lstrip("*")
        if not bare or depth > _DEEPEST:
            return Called(f"?.{name}")
        package, rest = self.package_of(bare, file)
        declared = package.function(name, rest) if package is not None else None
        if declared is not None:
            return Called(f"{bare}.{name}", declared, results=self.results(declared.signature, declared.file))
        found = self.underlying(bare, file)
        if isinstance(found, str):
            full = f"{found}.{name}"
            return Called(full, results=standard.results(full) or self.elsewhere.get(unversioned(full), ()))
        if found.node.kind == "interface_type":
            for method in found.node.children:
                named = method.child("name")
                if method.kind == "method_elem" and named is not None and named.text == name:
                    return Called(f"{bare}.{name}", results=self.results(method, found.file))
        for inner in self._embedded(found) if found.node.kind in ("struct_type", "interface_type") else ():
            promoted = self.method(inner, name, found.file, depth + 1)
            if promoted.known or promoted.results:
                return promoted
        return Called(f"{bare}.{name}", results=self._of_function_field(found, name))

    def _of_function_field(self, found: Declared, name: str) -> tuple[str, ...]:
        """The results of a function that a struct has in a field."""
        for field in fields(found.node) if found.node.kind == "struct_type" else ():
            type = field.child("type")
            if type is not None and type.kind == "function_type" and any(n.text == name for n in field.fields("name")):
                return self.results(type, found.file)
        return ()

    def may_have(self, type: str, member: str, file: File) -> bool:
        """Whether a type has a method or field of that name; True where its declaration is not in the tree."""
        bare = type.lstrip("*")
        found = self.underlying(bare, file) if bare else bare
        if isinstance(found, str):
            return True
        called = self.method(bare, member, file)
        if called.known or called.results or self.of_field(bare, member, file):
            return True
        if (
            found.node.kind == "interface_type"
            and member.encode() in found.node.code[found.node.start : found.node.end]
        ):
            return True
        return any(self.may_have(inner, member, found.file) for inner in self._embedded(found) if inner != type)

    def results(self, function: Node | None, file: File) -> tuple[str, ...]:
        """The result types of a declaration, literal, method of an interface or function type."""
        result = function.child("result") if function is not None else None
        if result is None:
            return ()
        if result.kind != "parameter_list":
            return (self.written(result, file),)
        types: list[str] = []
        for declaration in result.children:
            written = self.written(declaration.child("type"), file)
            types.extend([written] * max(1, len(declaration.fields("name"))))
        return tuple(types)
