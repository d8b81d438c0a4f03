"""Rows, statements, transactions and connections of databases that are not given back.

Each keeps a connection of the pool: the pool opens another for the next caller, or makes it wait where it is bounded. Rows
close themselves once Next has said false (database/sql, Rows.Next); a transaction is over with Commit or Rollback,
and with it what it prepared (database/sql, Tx.Prepare and Tx.Stmt).
"""

from collections.abc import Iterable

from memwhy.lint.kinds import Kind
from memwhy.lint.source import Package, Tree
from memwhy.lint.survey import suspects
from memwhy.model.suspect import Suspect

NAME = "sql-close"
CAUSE = "descriptor-leak"
TOKENS = (b"database/sql", b"jmoiron/sqlx", b"jackc/pgx")

_SQL = "database/sql."
_SQLX = "github.com/jmoiron/sqlx."
_COSTS = "a connection of the pool: its socket and buffers here and a session in the database"
_HOLDERS = ("DB", "Tx", "Conn", "Stmt")
_PGX = ("github.com/jackc/pgx/v5.", "github.com/jackc/pgx/v4.")
_POOLS = ("github.com/jackc/pgx/v5/pgxpool.", "github.com/jackc/pgx/v4/pgxpool.")

ROWS = Kind(
    rule=NAME,
    cause=CAUSE,
    noun="the rows",
    acquires={
        **{f"{_SQL}{holder}.{name}": 0 for holder in _HOLDERS for name in ("Query", "QueryContext")},
        **{
            f"{_SQLX}{holder}.{name}": 0
            for holder in ("DB", "Tx")
            for name in ("Queryx", "QueryxContext", "NamedQuery", "Query")
        },
    },
    types=frozenset(("*database/sql.Rows", "*github.com/jmoiron/sqlx.Rows")),
    releases=frozenset((("Close",),)),
    ended=frozenset((("Next",), ("NextResultSet",))),
    borrowed=frozenset(
        ("github.com/jmoiron/sqlx.StructScan", "github.com/jmoiron/sqlx.SliceScan", "github.com/jmoiron/sqlx.MapScan")
    ),
    weight=0.8,
    release="{name}.Close()",
    remedy="`defer rows.Close()` behind the check of the error; a loop that ends before Next says false does not close",
    costs=_COSTS,
)
PGX_ROWS = Kind(
    rule=NAME,
    cause=CAUSE,
    noun="the rows",
    acquires={
        **{f"{path}{holder}.Query": 0 for path in _PGX for holder in ("Conn", "Tx")},
        **{f"{path}{holder}.Query": 0 for path in _POOLS for holder in ("Pool", "Conn", "Tx")},
    },
    releases=ROWS.releases,
    ended=ROWS.ended,
    borrowed=frozenset(f"{path}{name}" for path in _PGX for name in ("ScanRow", "RowToStructByName")),
    weight=0.6,
    release=ROWS.release,
    remedy="`defer rows.Close()`; pgx closes by itself after the last row and after an error of Scan, not when a loop is left",
    costs=_COSTS,
)
STATEMENT = Kind(
    rule=NAME,
    cause=CAUSE,
    noun="the prepared statement",
    acquires={
        **{f"{_SQL}{holder}.{name}": 0 for holder in ("DB", "Conn") for name in ("Prepare", "PrepareContext")},
        **{f"{_SQLX}DB.{name}": 0 for name in ("Preparex", "PreparexContext", "PrepareNamed", "Prepare")},
    },
    types=frozenset(("*database/sql.Stmt",)),
    releases=frozenset((("Close",),)),
    dependent=frozenset(f"{_SQL}Tx.{name}" for name in ("Prepare", "PrepareContext", "Stmt", "StmtContext")),
    weight=0.75,
    release="{name}.Close()",
    remedy="`defer stmt.Close()` behind the check of the error, or prepare once and keep it",
    costs="the statement on every connection that has used it, here and in the database",
)
TRANSACTION = Kind(
    rule=NAME,
    cause=CAUSE,
    noun="the transaction",
    acquires={
        **{f"{_SQL}{holder}.{name}": 0 for holder in ("DB", "Conn") for name in ("Begin", "BeginTx")},
        **{f"{_SQLX}DB.{name}": 0 for name in ("Beginx", "BeginTxx", "MustBegin")},
        **{f"{path}Conn.{name}": 0 for path in _PGX for name in ("Begin", "BeginTx")},
        **{
            f"{path}{holder}.{name}": 0
            for path in _POOLS
            for holder in ("Pool", "Conn")
            for name in ("Begin", "BeginTx")
        },
    },
    types=frozenset(("*database/sql.Tx",)),
    releases=frozenset((("Commit",), ("Rollback",))),
    weight=0.8,
    release="{name}.Rollback()",
    remedy="`defer tx.Rollback()` behind the check of the error: after Commit it does nothing",
    costs=_COSTS + ", with its locks",
)
CONNECTION = Kind(
    rule=NAME,
    cause=CAUSE,
    noun="the connection",
    acquires={f"{_SQL}DB.Conn": 0, **{f"{path}Pool.Acquire": 0 for path in _POOLS}},
    types=frozenset(("*database/sql.Conn",)),
    releases=frozenset((("Close",), ("Release",))),
    weight=0.75,
    release="{name}.Close()",
    remedy="`defer conn.Close()` (pgxpool: Release) behind the check of the error",
    costs=_COSTS,
)


def kinds(tree: Tree) -> tuple[Kind, ...]:
    """What the survey looks for."""
    del tree
    return (ROWS, PGX_ROWS, STATEMENT, TRANSACTION, CONNECTION)


def check(package: Package) -> Iterable[Suspect]:
    """What is not given back on some way."""
    return suspects(package, NAME)
