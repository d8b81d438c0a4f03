"""What is acquired and not released is found on the way where it is lost; what is released or handed on is not."""

from pathlib import Path

import pytest
from go_text import lost, package, suspected, written

HTTP = ("net/http", "io", "fmt", "errors")
CHECK = "if err != nil {\n\t\treturn err\n\t}"

GUILTY_BODIES = {
    "never closed": "func f(u string) error {\n\tresp, err := http.Get(u)\n\t" + CHECK + "\n\tfmt.Println(resp.Status)\n\treturn nil\n}",
    "not where the status is bad": "func f(c *http.Client, r *http.Request) error {\n\tresp, err := c.Do(r)\n\t" + CHECK
    + "\n\tif resp.StatusCode != 200 {\n\t\treturn errors.New(resp.Status)\n\t}\n\tdefer resp.Body.Close()\n\treturn nil\n}",
    "thrown away": "func f(u string) error {\n\t_, err := http.Get(u)\n\treturn err\n}",
    "lost in each turn": "func f(us []string) {\n\tfor _, u := range us {\n\t\tresp, err := http.Get(u)\n\t\tif err != nil {\n\t\t\tcontinue\n\t\t}"
    "\n\t\tfmt.Println(resp.Status)\n\t}\n}",
    "shadowed": "func f(u string) error {\n\tresp, err := http.Get(u)\n\t" + CHECK
    + "\n\tif true {\n\t\tresp, err := http.Get(u)\n\t\tif err == nil {\n\t\t\tresp.Body.Close()\n\t\t}\n\t}\n\tfmt.Println(resp.Status)\n\treturn nil\n}",
    "through an interface": "type doer interface{ Do(*http.Request) (*http.Response, error) }\n\nfunc f(d doer, r *http.Request) error {"
    "\n\tresp, err := d.Do(r)\n\t" + CHECK + "\n\tfmt.Println(resp.Status)\n\treturn nil\n}",
    "through a function of the module": "func get(u string) (*http.Response, error) { return http.Get(u) }\n\nfunc f(u string) error {"
    "\n\tresp, err := get(u)\n\t" + CHECK + "\n\tfmt.Println(resp.Status)\n\treturn nil\n}",
    "read by a generic function": "func all[T any](r io.Reader) (t T, err error) {\n\t_, err = io.ReadAll(r)\n\treturn\n}\n\nfunc f(u string) error {"
    "\n\tresp, err := http.Get(u)\n\t" + CHECK + "\n\t_, err = all[int](resp.Body)\n\treturn err\n}",
    "in one case of a switch": "func f(u string) error {\n\tresp, err := http.Get(u)\n\tswitch {\n\tcase err != nil:\n\t\treturn err"
    "\n\tcase resp.StatusCode == 204:\n\t\treturn nil\n\tdefault:\n\t\tresp.Body.Close()\n\t}\n\treturn nil\n}",
    "behind a goto": "func f(u string) error {\n\tresp, err := http.Get(u)\n\t" + CHECK + "\n\tif resp.StatusCode == 200 {\n\t\tgoto out\n\t}"
    "\n\tresp.Body.Close()\nout:\n\treturn nil\n}",
}  # fmt: skip

INNOCENT_BODIES = {
    "deferred": "func f(u string) error {\n\tresp, err := http.Get(u)\n\t" + CHECK + "\n\tdefer resp.Body.Close()\n\treturn nil\n}",
    "in a deferred literal": "func f(u string) (err error) {\n\tresp, err := http.Get(u)\n\t" + CHECK
    + "\n\tdefer func() { err = errors.Join(err, resp.Body.Close()) }()\n\treturn nil\n}",
    "in a deferred literal before the call": "func f(u string) error {\n\tvar resp *http.Response\n\tvar err error\n\tdefer func() {"
    "\n\t\tif resp != nil {\n\t\t\tresp.Body.Close()\n\t\t}\n\t}()\n\tresp, err = http.Get(u)\n\treturn err\n}",
    "by a function of the package": "func drain(c io.ReadCloser) { io.Copy(io.Discard, c); c.Close() }\n\nfunc f(u string) error {"
    "\n\tresp, err := http.Get(u)\n\t" + CHECK + "\n\tdrain(resp.Body)\n\treturn nil\n}",
    "by a method value": "func f(u string) error {\n\tresp, err := http.Get(u)\n\t" + CHECK + "\n\tdone := resp.Body.Close\n\tdefer done()\n\treturn nil\n}",
    "under another name": "func f(u string) error {\n\tresp, err := http.Get(u)\n\t" + CHECK + "\n\tbody := resp.Body\n\tvar c io.Closer = body\n\tdefer c.Close()\n\treturn nil\n}",
    "returned": "func f(u string) (io.ReadCloser, error) {\n\tresp, err := http.Get(u)\n\tif err != nil {\n\t\treturn nil, err\n\t}\n\treturn resp.Body, nil\n}",
    "returned by a bare return": "func f(u string) (resp *http.Response, err error) {\n\tresp, err = http.Get(u)\n\treturn\n}",
    "stored": "type s struct{ r *http.Response }\n\nfunc (x *s) f(u string) error {\n\tresp, err := http.Get(u)\n\t" + CHECK + "\n\tx.r = resp\n\treturn nil\n}",
    "sent": "func f(u string, to chan *http.Response) error {\n\tresp, err := http.Get(u)\n\t" + CHECK + "\n\tto <- resp\n\treturn nil\n}",
    "closed on both ways": "func f(u string) error {\n\tresp, err := http.Get(u)\n\t" + CHECK + "\n\tif resp.StatusCode != 200 {\n\t\tresp.Body.Close()"
    "\n\t\treturn errors.New(resp.Status)\n\t}\n\t_, err = io.ReadAll(resp.Body)\n\tresp.Body.Close()\n\treturn err\n}",
    "closed in each turn": "func f(us []string) {\n\tfor _, u := range us {\n\t\tresp, err := http.Get(u)\n\t\tif err != nil {\n\t\t\tcontinue\n\t\t}"
    "\n\t\tresp.Body.Close()\n\t}\n}",
    "where there is one": "func f(u string) {\n\tif resp, err := http.Get(u); err == nil {\n\t\tresp.Body.Close()\n\t}\n}",
    "given to a function that is not known": "type sink interface{ take(*http.Response) }\n\nfunc f(u string, s sink) error {\n\tresp, err := http.Get(u)\n\t"
    + CHECK + "\n\ts.take(resp)\n\treturn nil\n}",
    "kept in a slice that a deferred loop closes": "func f(us []string) error {\n\tvar open []io.Closer\n\tdefer func() {\n\t\tfor _, c := range open {\n\t\t\tc.Close()"
    "\n\t\t}\n\t}()\n\tfor _, u := range us {\n\t\tresp, err := http.Get(u)\n\t\tif err != nil {\n\t\t\treturn err\n\t\t}\n\t\topen = append(open, resp.Body)\n\t}\n\treturn nil\n}",
    "the program ends": "func f(u string) {\n\tresp, err := http.Get(u)\n\tif err != nil {\n\t\tpanic(err)\n\t}\n\tif resp.StatusCode != 200 {\n\t\tpanic(resp.Status)\n\t}\n\tresp.Body.Close()\n}",
    "one condition opens and closes": "func f(u string, ask bool) error {\n\tvar resp *http.Response\n\tvar err error\n\tif ask {\n\t\tresp, err = http.Get(u)"
    "\n\t\tif err != nil {\n\t\t\treturn err\n\t\t}\n\t}\n\tif ask {\n\t\tresp.Body.Close()\n\t}\n\treturn nil\n}",
}  # fmt: skip


@pytest.mark.parametrize("body", GUILTY_BODIES.values(), ids=GUILTY_BODIES)
def test_a_body_that_stays_open_is_suspected_once(tmp_path: Path, body: str) -> None:
    assert len(lost(tmp_path, "response-body", HTTP, body)) == 1


@pytest.mark.parametrize("body", INNOCENT_BODIES.values(), ids=INNOCENT_BODIES)
def test_a_body_that_is_closed_or_handed_on_is_not(tmp_path: Path, body: str) -> None:
    assert lost(tmp_path, "response-body", HTTP, body) == []


GUILTY = {
    "a C string": ("cgo-free", (), "func f(s string) {\n\tp := C.CString(s)\n\tC.puts(p)\n}"),
    "a C string given at once": ("cgo-free", (), "func f(s string) { C.puts(C.CString(s)) }"),
    "freed before it was there": ("cgo-free", ("unsafe",), "func f(s string) {\n\tvar p *C.char\n\tdefer C.free(unsafe.Pointer(p))\n\tp = C.CString(s)\n\tC.puts(p)\n}"),
    "an array of C strings": ("cgo-free", (), "func f(ss []string) {\n\targs := make([]*C.char, len(ss))\n\tfor i, s := range ss {\n\t\targs[i] = C.CString(s)\n\t}\n\tC.run(&args[0])\n}"),
    "a pair by its names": ("cgo-free", (), "func f(n C.int) C.int {\n\tt := C.tree_new(n)\n\tif n == 0 {\n\t\treturn 0\n\t}\n\tdefer C.tree_free(t)\n\treturn C.tree_size(t)\n}"),
    "through an argument": ("cgo-free", (), "func f(path *C.char) C.int {\n\tvar db *C.sqlite3\n\tif C.sqlite3_open_v2(path, &db, 1, nil) != 0 {\n\t\treturn 1\n\t}\n\treturn C.work(db)\n}"),
    "a type around C": ("cgo-wrapper", (), "type Tree struct{ t *C.tree }\n\nfunc New() *Tree { return &Tree{C.tree_new()} }\n\nfunc (t *Tree) Free() { C.tree_free(t.t) }"
    "\n\nfunc (t *Tree) Len() int { return int(C.tree_len(t.t)) }\n\nfunc f() int {\n\tt := New()\n\treturn t.Len()\n}"),
    "a reference": ("retain-release", (), "type Obj struct{ o *C.obj }\n\nfunc (o *Obj) Retain() { C.obj_ref(o.o) }\n\nfunc (o *Obj) Release() { C.obj_unref(o.o) }"
    "\n\nfunc f(o *Obj, n int) int {\n\to.Retain()\n\tif n == 0 {\n\t\treturn 0\n\t}\n\to.Release()\n\treturn 1\n}"),
    "a handle": ("cgo-handle", ("runtime/cgo",), "func f(v any) {\n\th := cgo.NewHandle(v)\n\tC.call(C.uintptr_t(h))\n}"),
    "a pinner": ("pinner-unpin", ("runtime",), "func f(b []byte) error {\n\tvar p runtime.Pinner\n\tp.Pin(&b[0])\n\treturn nil\n}"),
    "a finalizer alone": ("finalizer-only", ("runtime",), "type Buf struct{ p *C.char }\n\nfunc New() *Buf {\n\tb := &Buf{C.grab()}"
    "\n\truntime.SetFinalizer(b, func(b *Buf) { C.drop(b.p) })\n\treturn b\n}"),
}  # fmt: skip

INNOCENT = {
    "a C string": ("cgo-free", ("unsafe",), "func f(s string) {\n\tp := C.CString(s)\n\tdefer C.free(unsafe.Pointer(p))\n\tC.puts(p)\n}"),
    "freed by a literal that sees the later value": ("cgo-free", ("unsafe",), "func f(s string) {\n\tvar p *C.char\n\tdefer func() { C.free(unsafe.Pointer(p)) }()\n\tp = C.CString(s)\n\tC.puts(p)\n}"),
    "an array of C strings": ("cgo-free", ("unsafe",), "func f(ss []string) {\n\targs := make([]*C.char, len(ss))\n\tfor i, s := range ss {\n\t\targs[i] = C.CString(s)"
    "\n\t\tdefer C.free(unsafe.Pointer(args[i]))\n\t}\n\tC.run(&args[0])\n}"),
    "a pair that is returned": ("cgo-free", (), "func g(t *C.tree) { C.tree_free(t) }\n\nfunc f(n C.int) *C.tree { return C.tree_new(n) }"),
    "through an argument": ("cgo-free", (), "func f(path *C.char) C.int {\n\tvar db *C.sqlite3\n\tif rc := C.sqlite3_open_v2(path, &db, 1, nil); rc != C.SQLITE_OK {\n\t\treturn rc\n\t}\n\tdefer C.sqlite3_close(db)\n\treturn C.work(db)\n}"),
    "a type around C": ("cgo-wrapper", (), "type Tree struct{ t *C.tree }\n\nfunc New() *Tree { return &Tree{C.tree_new()} }\n\nfunc (t *Tree) Free() { C.tree_free(t.t) }"
    "\n\nfunc f() {\n\tt := New()\n\tdefer t.Free()\n}"),
    "a reference for whoever keeps it": ("retain-release", (), "type Obj struct{ o *C.obj }\n\nvar last *Obj\n\nfunc (o *Obj) Retain() { C.obj_ref(o.o) }"
    "\n\nfunc (o *Obj) Release() { C.obj_unref(o.o) }\n\nfunc f(o *Obj) {\n\tlast = o\n\to.Retain()\n}"),
    "a handle that the callback deletes": ("cgo-handle", ("runtime/cgo",), "func f(v any) { C.call(C.uintptr_t(cgo.NewHandle(v))) }\n\nfunc done(h C.uintptr_t) { cgo.Handle(h).Delete() }"),
    "a pinner": ("pinner-unpin", ("runtime",), "func f(b []byte) {\n\tvar p runtime.Pinner\n\tdefer p.Unpin()\n\tp.Pin(&b[0])\n}"),
    "a finalizer behind a Close": ("finalizer-only", ("runtime",), "type Buf struct{ p *C.char }\n\nfunc New() *Buf {\n\tb := &Buf{C.grab()}\n\truntime.SetFinalizer(b, (*Buf).Close)"
    "\n\treturn b\n}\n\nfunc (b *Buf) Close() { C.drop(b.p) }"),
}  # fmt: skip


@pytest.mark.parametrize(("rule", "imports", "body"), GUILTY.values(), ids=GUILTY)
def test_c_memory_and_what_hangs_on_it_is_suspected_where_nothing_releases(
    tmp_path: Path, rule: str, imports: tuple[str, ...], body: str
) -> None:
    assert len(lost(tmp_path, rule, imports, body, cgo=True)) == 1


@pytest.mark.parametrize(("rule", "imports", "body"), INNOCENT.values(), ids=INNOCENT)
def test_c_memory_that_is_released_or_handed_on_is_not(
    tmp_path: Path, rule: str, imports: tuple[str, ...], body: str
) -> None:
    assert lost(tmp_path, rule, imports, body, cgo=True) == []


TICKER = "func f(done chan bool) {\n\tt := time.NewTicker(time.Second)\n\tfor {\n\t\tselect {\n\t\tcase <-t.C:\n\t\tcase <-done:\n\t\t\treturn\n\t\t}\n\t}\n}"


def test_a_ticker_is_suspected_before_go_1_23_and_not_from_then_on(tmp_path: Path) -> None:
    (tmp_path / "old").mkdir()
    (tmp_path / "new").mkdir()
    assert lost(tmp_path / "old", "ticker-stop", ("time",), TICKER, go="1.22") == [
        "t.Stop() before the return in line 11"
    ]
    assert lost(tmp_path / "new", "ticker-stop", ("time",), TICKER, go="1.23") == []


def test_a_ticker_of_a_goroutine_that_never_ends_is_not_lost(tmp_path: Path) -> None:
    body = "func f() {\n\tgo func() {\n\t\tfor range time.NewTicker(time.Second).C {\n\t\t}\n\t}()\n\tt := time.NewTicker(1)\n\tfor {\n\t\t<-t.C\n\t}\n}"
    assert lost(tmp_path, "ticker-stop", ("time",), body, go="1.20") == []


def test_a_context_is_cancelled_on_every_way_or_handed_on(tmp_path: Path) -> None:
    body = """func lost(c context.Context, n int) {
	d, cancel := context.WithCancel(c)
	if n > 0 {
		return
	}
	<-d.Done()
	cancel()
}

func kept(c context.Context) (context.Context, context.CancelFunc) { return context.WithCancel(c) }

func given(c context.Context, after func(func())) {
	_, cancel := context.WithTimeout(c, 1)
	after(cancel)
}"""
    assert lost(tmp_path, "context-cancel", ("context",), body) == ["cancel() before the return in line 8"]


def test_rows_that_are_read_to_their_end_close_themselves(tmp_path: Path) -> None:
    body = """func all(db *sql.DB) error {
	rows, err := db.Query("select 1")
	if err != nil {
		return err
	}
	for rows.Next() {
	}
	return rows.Err()
}

func first(db *sql.DB) bool {
	rows, _ := db.Query("select 1")
	return rows.Next()
}

func early(db *sql.DB) error {
	tx, err := db.Begin()
	if err != nil {
		return err
	}
	if db == nil {
		return nil
	}
	return tx.Commit()
}"""
    assert lost(tmp_path, "sql-close", ("database/sql",), body) == [
        "rows.Close() before the return in line 17",
        "tx.Rollback() before the return in line 26",
    ]


def test_a_gzip_reader_needs_no_close_and_a_zstd_decoder_does(tmp_path: Path) -> None:
    body = """func f(r io.Reader) error {
	g, err := gzip.NewReader(r)
	if err != nil {
		return err
	}
	_, err = io.ReadAll(g)
	z, err := zstd.NewReader(r)
	if err != nil {
		return err
	}
	_, err = z.Read(nil)
	return err
}"""
    tree = written(tmp_path, {"p.go": package(("compress/gzip", "github.com/klauspost/compress/zstd", "io"), body)})
    found = {suspect.acquired.text: suspect for suspect in suspected(tree, ("compressor-close",))}
    free, dear = found["g, err := gzip.NewReader(r)"], found["z, err := zstd.NewReader(r)"]
    assert free.weight < 0.5 < dear.weight
    assert "no memory" in free.costs
    assert "goroutines" in dear.costs


def test_a_file_is_closed_on_every_way_but_that_of_main(tmp_path: Path) -> None:
    main = 'package main\n\nimport "os"\n\nfunc main() {\n\tf, _ := os.Create("log")\n\tf.WriteString("x")\n}\n'
    other = main.replace("func main()", "func other()")
    tree = written(tmp_path, {"a/main.go": main, "b/other.go": other})
    assert [(s.file, s.function) for s in suspected(tree, ("file-close",))] == [("b/other.go", "main.other")]
