"""Who has to release what was handed on: callers of functions that give a release, wrappers, C functions, tables and lists."""

from pathlib import Path

import pytest
from go_text import lost

OPEN = (
    "func open(u string) (io.Reader, func() error, error) {\n\tresp, err := http.Get(u)\n\tif err != nil {\n\t\treturn nil, nil, err"
    "\n\t}\n\treturn resp.Body, func() error { return resp.Body.Close() }, nil\n}\n\n"
)
NAMED = (
    "func open(u string) (r io.Reader, done func() error, err error) {\n\tresp, err := http.Get(u)\n\tif err != nil {\n\t\treturn"
    "\n\t}\n\tr, done = resp.Body, func() error { return resp.Body.Close() }\n\treturn\n}\n\n"
)
ASK = "func f(u string) error {\n\tr, done, err := open(u)\n\tif err != nil {\n\t\treturn err\n\t}\n\t%s\n\t_, err = io.ReadAll(r)\n\treturn err\n}"
HANDLE = "func share(v any) (uintptr, func()) {\n\th := cgo.NewHandle(v)\n\treturn uintptr(h), h.Delete\n}\n\n"
TREE = "type Tree struct{ t *C.tree }\n\nfunc New() *Tree { return &Tree{C.tree_new()} }\n\nfunc (t *Tree) Free() { C.tree_free(t.t) }\n\n"
LIST = "func f(ss []string) {\n\tvar all []*C.char\n\tfor _, s := range ss {\n\t\tall = append(all, C.CString(s))\n\t}\n\tC.run(&all[0])\n\t%s\n}"
COUNTED = "func f(rec arrow.Record) int {\n\trec.Retain()\n\tif rec.NumRows() == 0 {\n\t\t%s\n\t}\n\trec.Release()\n\treturn 1\n}"
PREPARE = 'func f(%s) error {\n\tadd, err := c.PrepareContext(x, "insert into t values (?)")\n\tif err != nil {\n\t\treturn err\n\t}\n\t_, err = add.ExecContext(x, 1)\n\treturn err\n}'
UNPACK = (
    'func unpack(r io.Reader, kind string) (io.Reader, error) {\n\tif kind == "gzip" {\n\t\treturn gzip.NewReader(r)\n\t}\n\td, err := zstd.NewReader(r)'
    '\n\tif err != nil {\n\t\treturn nil, err\n\t}\n\treturn %s, nil\n}\n\nfunc f(r io.Reader) error {\n\tfrom, err := unpack(r, "zstd")\n\tif err != nil {\n\t\treturn err\n\t}'
    "\n\t_, err = io.Copy(io.Discard, from)\n\treturn err\n}"
)
EXEC = "func f(db *C.sqlite3, q *C.char) error {\n\tvar text *C.char\n\trc := C.sqlite3_exec(db, q, nil, nil, &text)\n\tif rc != C.SQLITE_OK {\n\t\t%s\n\t}\n\treturn nil\n}"
COPY = "func f(db *C.sqlite3, name *C.char, n *C.sqlite3_int64) []byte {\n\tp := C.sqlite3_serialize(db, name, n, %s)\n\treturn C.GoBytes(unsafe.Pointer(p), C.int(*n))\n}"

GUILTY = {
    "a release that is thrown away": ("response-body", ("io", "net/http"), OPEN + ASK.replace("done", "_") % ""),
    "a release that is not called": ("response-body", ("io", "net/http"), OPEN + ASK % "_ = done"),
    "a named release": ("response-body", ("io", "net/http"), NAMED + ASK % "if u == \"\" {\n\t\treturn nil\n\t}\n\tdefer done()"),
    "a method that is the release": ("cgo-handle", ("runtime/cgo",), HANDLE + "func f(v any) {\n\th, _ := share(v)\n\tprintln(h)\n}"),
    "a limited body": ("response-body", ("io", "net/http"), "func f(w http.ResponseWriter, u string) error {\n\tresp, err := http.Get(u)\n\tif err != nil {"
    "\n\t\treturn err\n\t}\n\t_, err = io.ReadAll(http.MaxBytesReader(w, resp.Body, 9))\n\treturn err\n}"),
    "a statement of the database": ("sql-close", ("context", "database/sql"), PREPARE % "x context.Context, c *sql.DB"),
    "a statement of an interface": ("sql-close", ("context", "database/sql"), "type preparer interface {\n\tPrepareContext(context.Context, string) (*sql.Stmt, error)\n}\n\n" + PREPARE % "x context.Context, c preparer"),
    "one of two decoders": ("compressor-close", ("compress/gzip", "io", "github.com/klauspost/compress/zstd"), UNPACK % "d"),
    "a list whose loop only looks": ("cgo-free", ("unsafe",), LIST % "for _, p := range all {\n\t\tprintln(unsafe.Pointer(p))\n\t}"),
    "a new path with an errno": ("cgo-free", (), "func f(in *C.char) (string, error) {\n\tout, err := C.realpath(in, nil)\n\tif out == nil {\n\t\treturn \"\", err\n\t}"
    "\n\treturn C.GoString(out), nil\n}"),
    "the text of a call that failed": ("cgo-free", ("errors",), EXEC % "return errors.New(C.GoString(text))"),
    "a copy of the database": ("cgo-free", ("unsafe",), COPY % "0"),
    "a reference of a library": ("retain-release", ("github.com/apache/arrow-go/v18/arrow",), COUNTED % "return 0"),
    "a slice of a record": ("retain-release", ("github.com/apache/arrow-go/v18/arrow",), "func f(rec arrow.Record, emit func(arrow.Record) error) error {"
    "\n\tpart := rec.NewSlice(0, 1)\n\tif err := emit(part); err != nil {\n\t\treturn err\n\t}\n\tpart.Release()\n\treturn nil\n}"),
    "an array that a builder gives": ("retain-release", ("github.com/apache/arrow-go/v18/arrow/array",), "func f(b *array.Int64Builder) int {\n\ta := b.NewInt64Array()"
    "\n\treturn a.Len()\n}"),
    "a reference that its own function gives back elsewhere": ("retain-release", ("example.com/other/store",), "func f(b *store.Block, n int) int {\n\tb.IncRef()"
    "\n\tif n == 0 {\n\t\treturn 0\n\t}\n\tb.DecRef()\n\treturn 1\n}"),
}  # fmt: skip

INNOCENT = {
    "a release that is called": ("response-body", ("io", "net/http"), OPEN + ASK % "defer done()"),
    "a named release": ("response-body", ("io", "net/http"), NAMED + ASK % "defer done()"),
    "a release that is handed on": ("response-body", ("io", "net/http"), OPEN + "func f(u string, at func(func() error)) {\n\t_, done, _ := open(u)\n\tat(done)\n}"),
    "a method that is the release": ("cgo-handle", ("runtime/cgo",), HANDLE + "func f(v any) {\n\t_, done := share(v)\n\tdefer done()\n}"),
    "a context with its cancel in a literal": ("context-cancel", ("context",), "func with(c context.Context) (context.Context, func()) {\n\tctx, cancel := context.WithCancel(c)"
    "\n\treturn ctx, func() { cancel() }\n}\n\nfunc f(c context.Context) {\n\tctx, stop := with(c)\n\tdefer stop()\n\t<-ctx.Done()\n}"),
    "a closer of a decoder": ("compressor-close", ("io", "github.com/klauspost/compress/zstd"), "func f(r io.Reader) (io.ReadCloser, error) {\n\td, err := zstd.NewReader(r)"
    "\n\tif err != nil {\n\t\treturn nil, err\n\t}\n\treturn d.IOReadCloser(), nil\n}"),
    "a buffered reader that is kept": ("file-close", ("bufio", "os"), "type src struct{ r *bufio.Reader }\n\nfunc f(n string) (*src, error) {\n\tg, err := os.Open(n)\n\tif err != nil {"
    "\n\t\treturn nil, err\n\t}\n\treturn &src{bufio.NewReader(g)}, nil\n}"),
    "a connection in a coat": ("file-close", ("net", "crypto/tls"), "func f(a string, c *tls.Config) (net.Conn, error) {\n\traw, err := net.Dial(\"tcp\", a)\n\tif err != nil {"
    "\n\t\treturn nil, err\n\t}\n\treturn tls.Client(raw, c), nil\n}"),
    "a statement that ends with its transaction": ("sql-close", ("context", "database/sql"), PREPARE % "x context.Context, c *sql.Tx"),
    "a transaction's own of a statement": ("sql-close", ("database/sql",), "func f(x *sql.Tx, all *sql.Stmt) error {\n\tmine := x.Stmt(all)\n\t_, err := mine.Exec(1)\n\treturn err\n}"),
    "two decoders that hold no C memory": ("compressor-close", ("compress/gzip", "compress/zlib", "io"), UNPACK.replace("zstd.New", "zlib.New") % "d"),
    "a table that it is the key of": ("cgo-free", ("unsafe",), "var live = map[unsafe.Pointer]any{}\n\nfunc hold(v any) unsafe.Pointer {\n\tp := C.malloc(1)\n\tlive[p] = v\n\treturn p\n}"
    "\n\nfunc f(v any) { C.call(hold(v)) }\n\nfunc drop(p unsafe.Pointer) {\n\tdelete(live, p)\n\tC.free(p)\n}"),
    "a destructor": ("cgo-free", (), "func f(s *C.sqlite3_stmt, v string) { C.sqlite3_bind_text(s, 1, C.CString(v), -1, (*[0]byte)(C.free)) }"),
    "a node that is hung into a tree": ("cgo-free", (), "func f(root *C.node, v C.int) { C.list_append(root, C.node_new(v)) }\n\nfunc g(n *C.node) { C.node_free(n) }"),
    "a list whose loop frees": ("cgo-free", ("unsafe",), LIST % "for _, p := range all {\n\t\tC.free(unsafe.Pointer(p))\n\t}"),
    "a list that a counted loop frees": ("cgo-free", ("unsafe",), LIST % "for i := 0; i < len(all); i++ {\n\t\tC.free(unsafe.Pointer(all[i]))\n\t}"),
    "a path into a buffer": ("cgo-free", (), "func f(in, out *C.char) bool {\n\tp, _ := C.realpath(in, out)\n\treturn p != nil\n}"),
    "the text of a call that failed": ("cgo-free", ("errors", "unsafe"), EXEC % "defer C.sqlite3_free(unsafe.Pointer(text))\n\t\treturn errors.New(C.GoString(text))"),
    "the text of a call that went well": ("cgo-free", ("unsafe",), EXEC.replace("!=", "==").replace("\n\treturn nil", "\n\tC.sqlite3_free(unsafe.Pointer(text))\n\treturn nil") % "return nil"),
    "the database's own bytes": ("cgo-free", ("unsafe",), COPY % "C.SQLITE_SERIALIZE_NOCOPY"),
    "a struct whose helper frees": ("cgo-free", ("unsafe",), "func clean(o *C.options) {\n\tC.free(unsafe.Pointer(o.user))\n}\n\nfunc f(s string) {\n\tvar o C.options"
    "\n\to.user = C.CString(s)\n\tdefer clean(&o)\n\tC.run(&o)\n}"),
    "a reference of a library": ("retain-release", ("github.com/apache/arrow-go/v18/arrow",), COUNTED % "rec.Release()\n\t\treturn 0"),
    "a reference that is somebody else's to give back": ("retain-release", ("example.com/other/store",), "func f(b *store.Block) { b.IncRef() }"),
}  # fmt: skip


@pytest.mark.parametrize(("rule", "imports", "body"), GUILTY.values(), ids=GUILTY)
def test_what_was_handed_on_and_is_lost_is_suspected(
    tmp_path: Path, rule: str, imports: tuple[str, ...], body: str
) -> None:
    assert len(lost(tmp_path, rule, imports, body, cgo="C." in body)) == 1


@pytest.mark.parametrize(("rule", "imports", "body"), INNOCENT.values(), ids=INNOCENT)
def test_what_was_handed_on_and_is_released_is_not(
    tmp_path: Path, rule: str, imports: tuple[str, ...], body: str
) -> None:
    assert lost(tmp_path, rule, imports, body, cgo="C." in body) == []
