"""C++ names as people write them: of types, from what RTTI holds, and of functions. Common forms; others stay mangled.

Grammar: the Itanium C++ ABI, chapter 5.1 (mangling); what std::type_info::name() returns is a <type>.
"""

from collections.abc import Callable

_BUILTIN = {
    "v": "void", "w": "wchar_t", "b": "bool", "c": "char", "a": "signed char", "h": "unsigned char", "s": "short",
    "t": "unsigned short", "i": "int", "j": "unsigned int", "l": "long", "m": "unsigned long", "x": "long long",
    "y": "unsigned long long", "n": "__int128", "o": "unsigned __int128", "f": "float", "d": "double",
    "e": "long double", "g": "__float128", "z": "...",
    "Dn": "decltype(nullptr)", "Di": "char32_t", "Ds": "char16_t", "Du": "char8_t", "Da": "auto",
}  # fmt: skip
_STD = {
    "St": "std", "Sa": "std::allocator", "Sb": "std::basic_string", "Ss": "std::string", "Si": "std::istream",
    "So": "std::ostream", "Sd": "std::iostream",
}  # fmt: skip
_SUFFIX = {"P": "*", "R": "&", "O": "&&", "K": " const", "V": " volatile"}
_LITERAL_SUFFIX = {"j": "u", "l": "l", "m": "ul", "x": "ll", "y": "ull"}
_MOST_CHARACTERS = 4096
_MOST_DEPTH = 64


class _Unknown(Exception):
    """A form that is not known here."""


def demangle(mangled: str) -> str:
    """The type's name; the mangled one where it has a form that is not known here, or makes no sense."""
    parser = _Parser(mangled.removeprefix("*"))
    try:
        name = parser.type()
    except (_Unknown, IndexError, RecursionError):
        return mangled
    return name if parser.at == len(parser.text) and len(name) <= _MOST_CHARACTERS else mangled


def demangle_function(symbol: str) -> str:
    """A function's name without its parameters, "shop::Cart::add"; the symbol itself where it is no C++ name, or not understood."""
    if not symbol.startswith("_Z"):
        return symbol
    parser = _Encoding(symbol[2:])
    try:
        name = parser.name()
    except (_Unknown, IndexError, RecursionError):
        return symbol
    return name if 0 < len(name) <= _MOST_CHARACTERS else symbol


class _Parser:
    """Recursive descent over one mangled name."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.known: list[str] = []
        """What S_, S0_, … stand for."""
        self.depth = 0

    def type(self) -> str:
        """One <type>, remembered unless it is built in."""
        self.depth += 1
        if self.depth > _MOST_DEPTH:
            raise _Unknown
        name = self._type()
        self.depth -= 1
        return name

    def _type(self) -> str:
        letter = self.text[self.at]
        for length in (1, 2):
            builtin = _BUILTIN.get(self.text[self.at : self.at + length])
            if builtin is not None:
                self.at += length
                return builtin
        if letter in _SUFFIX:
            return self._qualified()
        if letter == "N":
            return self._nested()
        if letter == "S":
            return self._substituted()
        if letter == "F":
            return self._function()
        if letter == "A":
            return self._array()
        if letter == "Z":
            return self._local()
        return self._templated(self._remember(self._source_name()))

    def _remember(self, name: str) -> str:
        if len(name) > _MOST_CHARACTERS:
            raise _Unknown
        self.known.append(name)
        return name

    def _take(self, expected: str) -> bool:
        if self.text.startswith(expected, self.at):
            self.at += len(expected)
            return True
        return False

    def _need(self, expected: str) -> None:
        if not self._take(expected):
            raise _Unknown

    def _until(self, end: str, item: Callable[[], str]) -> list[str]:
        items: list[str] = []
        while not self._take(end):
            if self.at >= len(self.text):
                raise _Unknown
            items.append(item())
        return items

    def _qualified(self) -> str:
        suffix = _SUFFIX[self.text[self.at]]
        self.at += 1
        inner = self.type()
        if inner.endswith(")") and "(*)" not in inner and suffix in {"*", "&", "&&"} and " (" in inner:
            head, _, tail = inner.partition(" (")
            return self._remember(f"{head} ({suffix})({tail}")
        return self._remember(inner + suffix)

    def _number(self) -> int:
        start = self.at
        while self.at < len(self.text) and self.text[self.at].isdecimal() and self.at - start < 6:
            self.at += 1
        if start == self.at:
            raise _Unknown
        return int(self.text[start : self.at])

    def _source_name(self) -> str:
        length = self._number()
        name = self.text[self.at : self.at + length]
        if len(name) < length or not length:
            raise _Unknown
        self.at += length
        if name.startswith("_GLOBAL__N"):
            name = "(anonymous namespace)"
        while self._take("B"):
            name += f"[abi:{self._source_name()}]"
        return name

    def _unqualified(self) -> str:
        if self._take("Ul"):
            parameters = self._until("E", self.type)
            number = 2 + self._number() if self.text[self.at].isdecimal() else 1
            self._need("_")
            return f"{{lambda({_listed(parameters)})#{number}}}"
        if self._take("Ut"):
            number = 2 + self._number() if self.text[self.at].isdecimal() else 1
            self._need("_")
            return f"{{unnamed type#{number}}}"
        return self._source_name()

    def _arguments(self) -> str:
        """What stands between I and E."""
        return f"<{', '.join(one for one in self._until('E', self._argument) if one)}>"

    def _argument(self) -> str:
        if self._take("L"):
            return self._literal()
        if self._take("J"):
            return ", ".join(self._until("E", self._argument))
        return self.type()

    def _literal(self) -> str:
        kind = self.text[self.at]
        of = self.type()
        digits = self.text[self.at : self.text.index("E", self.at) if "E" in self.text[self.at :] else self.at]
        if not digits.removeprefix("n").isdecimal():
            raise _Unknown
        self.at += len(digits)
        self._need("E")
        value = digits.replace("n", "-", 1)
        if kind == "b":
            return {"0": "false", "1": "true"}.get(value, value)
        if kind in _LITERAL_SUFFIX or kind == "i":
            return value + _LITERAL_SUFFIX.get(kind, "")
        return f"({of}){value}"

    def _templated(self, name: str) -> str:
        while self._take("I"):
            name = self._remember(name + self._arguments())
        return name

    def _substitution(self) -> str:
        """S_, S0_ …, or one of the short forms of std."""
        short = _STD.get(self.text[self.at : self.at + 2])
        if short is not None:
            self.at += 2
            return short
        self._need("S")
        end = self.text.find("_", self.at)
        digits = self.text[self.at : end] if 0 <= end <= self.at + 3 else "?"
        if digits and not (digits.isalnum() and digits == digits.upper()):
            raise _Unknown
        self.at = end + 1
        return self.known[int(digits, 36) + 1 if digits else 0]

    def _substituted(self) -> str:
        is_std = self.text.startswith("St", self.at)
        name = self._substitution()
        if is_std:
            name = self._remember(f"std::{self._unqualified()}")
        return self._templated(name)

    def _nested(self) -> str:
        self._need("N")
        qualifiers = "".join(_SUFFIX[letter] for letter in "VK" if self._take(letter))
        name = ""
        while not self._take("E"):
            letter = self.text[self.at]
            if letter == "I":
                self.at += 1
                name += self._arguments()
            elif letter == "S" and not name:
                name = self._substitution()
                continue  # known already, or std alone, which is never remembered
            else:
                part = self._unqualified()
                name = f"{name}::{part}" if name else part
            self._remember(name)
        return name + qualifiers

    def _function(self) -> str:
        self._need("F")
        self._take("Y")
        types = self._until("E", self.type)
        if not types:
            raise _Unknown
        returned, *parameters = types
        return self._remember(f"{returned} ({_listed(parameters)})")

    def _array(self) -> str:
        self._need("A")
        size = "" if self.text[self.at] == "_" else str(self._number())
        self._need("_")
        return self._remember(f"{self.type()} [{size}]")

    def _local(self) -> str:
        """A type inside a function: Z function parameters E name."""
        self._need("Z")
        function = self._nested() if self.text[self.at] == "N" else self._templated(self._source_name())
        parameters = self._until("E", self.type)
        called = f"{function}({_listed(parameters)})" if parameters else function  # main and C functions tell none
        name = f"{called}::{self._unqualified()}"
        if self._take("_"):
            self._number()
        return self._templated(self._remember(name))


def _listed(parameters: list[str]) -> str:
    return "" if parameters == ["void"] else ", ".join(parameters)


_OPERATORS = {
    "nw": " new", "na": " new[]", "dl": " delete", "da": " delete[]", "aw": " co_await", "ps": "+", "ng": "-", "ad": "&",
    "de": "*", "co": "~", "pl": "+", "mi": "-", "ml": "*", "dv": "/", "rm": "%", "an": "&", "or": "|", "eo": "^",
    "aS": "=", "pL": "+=", "mI": "-=", "mL": "*=", "dV": "/=", "rM": "%=", "aN": "&=", "oR": "|=", "eO": "^=",
    "ls": "<<", "rs": ">>", "lS": "<<=", "rS": ">>=", "eq": "==", "ne": "!=", "lt": "<", "gt": ">", "le": "<=",
    "ge": ">=", "ss": "<=>", "nt": "!", "aa": "&&", "oo": "||", "pp": "++", "mm": "--", "cm": ",", "pm": "->*",
    "pt": "->", "cl": "()", "ix": "[]",
}  # fmt: skip


class _Encoding(_Parser):
    """A function's name: the first half of an <encoding>."""

    def name(self) -> str:
        """The name up to its parameters."""
        letter = self.text[self.at]
        if letter == "N":
            return self._nested()
        if letter == "Z":
            return self._inside()
        if letter == "S":
            return self._substituted()
        return self._templated(self._remember(self._unqualified()))

    def _templated(self, name: str) -> str:
        return super()._templated(
            f"{name} " if name.endswith("<") and self.text[self.at : self.at + 1] == "I" else name
        )

    def _inside(self) -> str:
        """A function inside a function: of a lambda or a local class."""
        self.depth += 1
        if self.depth > _MOST_DEPTH:
            raise _Unknown
        self._need("Z")
        outer = self.name()
        self._until("E", self.type)
        return f"{outer}::{self.name()}"

    def _unqualified(self) -> str:
        self._take("L")  # of this file alone
        operator = _OPERATORS.get(self.text[self.at : self.at + 2])
        if operator is not None:
            self.at += 2
            return f"operator{operator}"
        if self._take("cv"):
            return f"operator {self.type()}"
        return super()._unqualified()

    def _nested(self) -> str:
        """Constructors and destructors are named after the class around them."""
        self._need("N")
        for letter in "rVKRO":
            self._take(letter)
        name = last = ""
        while not self._take("E"):
            letter, follower = self.text[self.at], self.text[self.at + 1 : self.at + 2]
            if letter == "I":
                self.at += 1
                name = f"{name} " if name.endswith("<") else name
                name += self._arguments()
            elif letter == "S" and not name:
                name = self._substitution()
                last = name.partition("<")[0].rpartition("::")[2]
                continue
            else:
                if letter in "CD" and follower.isdecimal():
                    self.at += 2
                    last = f"{'~' if letter == 'D' else ''}{last.partition('[abi:')[0]}"
                else:
                    last = self._unqualified()
                name = f"{name}::{last}" if name else last
            self._remember(name)
        return name
