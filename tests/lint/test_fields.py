"""Resources in fields: who has to release what a struct holds, and when nobody does."""

from pathlib import Path

import pytest
from go_text import lost

WRITER = (
    "type writer struct {\n\tf *os.File\n\tn int\n}\n\nfunc newWriter(p string) (*writer, error) {\n\tf, err := os.Create(p)\n\tif err != nil {"
    "\n\t\treturn nil, err\n\t}\n\treturn &writer{f: f}, nil\n}\n\nfunc (w *writer) put(b []byte) error {\n\tw.n++\n\t_, err := w.f.Write(b)\n\treturn err\n}\n\n"
    "func (w *writer) Close() error { return w.f.Close() }\n\n"
)
PUT = "func f(p string, b []byte) error {\n\tw, err := newWriter(p)\n\tif err != nil {\n\t\treturn err\n\t}\n\t%sif err := w.put(b); err != nil {\n\t\treturn err\n\t}\n\treturn w.Close()\n}"
SESSION = (
    "type session struct {\n\tcancel context.CancelFunc\n\tconn net.Conn\n}\n\nfunc start(ctx context.Context, c net.Conn) *session {\n\ts := &session{conn: c}\n"
    "\tctx, s.cancel = context.WithCancel(ctx)\n\tgo run(ctx)\n\treturn s\n}\n\nfunc run(ctx context.Context) { <-ctx.Done() }\n\n"
)
ROTATE = (
    'type log struct {\n\tf *os.File\n\tn int\n}\n\nfunc (l *log) Rotate() error {\n\t%sf, err := os.Create("log")\n\tif err != nil {\n\t\treturn err\n\t}'
    "\n\tl.f = f\n\treturn nil\n}\n\nfunc (l *log) Close() error { return l.f.Close() }"
)
PINS = (
    "type vec struct{ pins runtime.Pinner }\n\nfunc (v *vec) add(p *int) { v.pins.Pin(p) }\n\nfunc (v *vec) drop() { v.pins.Unpin() }\n\n"
    "func f(p *int, n int) int {\n\tv := &vec{}\n\t%sv.add(p)\n\tif n == 0 {\n\t\treturn 0\n\t}\n\tv.drop()\n\treturn 1\n}"
)
LIST = (
    "type merge struct{ files []*os.File }\n\nfunc (m *merge) add(p string) error {\n\tf, err := os.Open(p)\n\tif err != nil {\n\t\treturn err\n\t}"
    "\n\tm.files = append(m.files, f)\n\treturn nil\n}\n\nfunc (m *merge) Close() {\n\tfor _, f := range m.files {\n\t\t%s\n\t}\n}"
)

GUILTY = {
    "a writer whose error way forgets it": ("file-close", ("os",), WRITER + PUT % ""),
    "a cancel that Close forgets": ("context-cancel", ("context", "net"), SESSION + "func (s *session) Close() error { return s.conn.Close() }"),
    "a file that the next one covers": ("file-close", ("os",), ROTATE % ""),
    "a pinner behind a method": ("pinner-unpin", ("runtime",), PINS % ""),
    "files of a list that are only named": ("file-close", ("os",), LIST % "println(f.Name())"),
    "a statement without a key": ("sql-close", ("database/sql",), "type repo struct {\n\tdb *sql.DB\n\tget *sql.Stmt\n}\n\nfunc open(db *sql.DB) (*repo, error) {"
    "\n\tget, err := db.Prepare(\"select 1\")\n\tif err != nil {\n\t\treturn nil, err\n\t}\n\treturn &repo{db, get}, nil\n}\n\nfunc (r *repo) Close() error { return r.db.Close() }"),
    "a ticker that Stop forgets": ("ticker-stop", ("time",), "type beat struct {\n\tt *time.Ticker\n\tdone chan bool\n}\n\nfunc start() *beat {\n\tb := &beat{t: time.NewTicker(1), "
    "done: make(chan bool)}\n\tgo b.run()\n\treturn b\n}\n\nfunc (b *beat) run() {\n\tfor {\n\t\tselect {\n\t\tcase <-b.t.C:\n\t\tcase <-b.done:\n\t\t\treturn\n\t\t}\n\t}\n}"
    "\n\nfunc (b *beat) Stop() { close(b.done) }"),
    "a file that stays with each request": ("file-close", ("os", "net/http"), "type job struct{ f *os.File }\n\nfunc (j *job) size() int64 {\n\ti, _ := j.f.Stat()\n\treturn i.Size()\n}"
    "\n\nfunc f(w http.ResponseWriter, r *http.Request, jobs chan *job) {\n\tg, err := os.Open(r.URL.Path)\n\tif err != nil {\n\t\treturn\n\t}\n\tjobs <- &job{f: g}\n}"),
}  # fmt: skip

INNOCENT = {
    "a writer that is closed": ("file-close", ("os",), WRITER + PUT % "defer w.Close()\n\t"),
    "a writer that somebody else gets": ("file-close", ("os",), WRITER + "func f(p string, to chan *writer) error {\n\tw, err := newWriter(p)\n\tif err == nil {\n\t\tto <- w\n\t}\n\treturn err\n}"),
    "a writer that ends itself": ("file-close", ("os",), WRITER + "func (w *writer) all(bs [][]byte) {\n\tdefer w.Close()\n\tfor _, b := range bs {\n\t\tw.put(b)\n\t}\n}"
    "\n\nfunc f(p string, bs [][]byte) {\n\tif w, err := newWriter(p); err == nil {\n\t\tw.all(bs)\n\t}\n}"),
    "a cancel that Close calls": ("context-cancel", ("context", "net"), SESSION + "func (s *session) Close() error {\n\ts.cancel()\n\treturn s.conn.Close()\n}"),
    "a cancel that is called by another's method": ("context-cancel", ("context", "net"), SESSION + "type pool struct{ all []*session }\n\nfunc (p *pool) Close() {\n\tfor _, s := range p.all {"
    "\n\t\ts.cancel()\n\t}\n}\n\nfunc (s *session) Close() error { return s.conn.Close() }"),
    "a cancel that is given out": ("context-cancel", ("context", "net"), SESSION + "func (s *session) Stopper() func() { return s.cancel }\n\nfunc (s *session) Close() error { return s.conn.Close() }"),
    "a file that is closed before the next": ("file-close", ("os",), ROTATE % "l.f.Close()\n\t"),
    "a file that Close of its own closes first": ("file-close", ("os",), ROTATE % "if err := l.Close(); err != nil {\n\t\treturn err\n\t}\n\t"),
    "a file that is closed when the next is there": ("file-close", ("os",), (ROTATE % "old := l.f\n\tdefer old.Close()\n\t")),
    "a file that is opened once": ("file-close", ("os",), ROTATE % "if l.f != nil {\n\t\treturn nil\n\t}\n\t"),
    "a pinner behind a method": ("pinner-unpin", ("runtime",), PINS % "defer v.drop()\n\t"),
    "files of a list that are closed": ("file-close", ("os",), LIST % "f.Close()"),
    "a struct that is the file": ("file-close", ("os",), "type temp struct{ *os.File }\n\nfunc open() (*temp, error) {\n\tf, err := os.Create(\"t\")\n\treturn &temp{f}, err\n}"),
    "a store that lives as long as the program": ("file-close", ("os",), "type store struct{ f *os.File }\n\nfunc open() (*store, error) {\n\tf, err := os.Create(\"t\")\n\tif err != nil {\n\t\treturn nil, err"
    "\n\t}\n\treturn &store{f: f}, nil\n}\n\nfunc (s *store) put(b []byte) { s.f.Write(b) }"),
    "a list of itself": ("file-close", ("os",), "type node struct {\n\tnext *node\n\tf *os.File\n}\n\nfunc f(n int) *node {\n\tvar last *node\n\tg, _ := os.Open(\"a\")\n\tlast = &node{f: g}"
    "\n\tfor range n {\n\t\tlast = &node{next: last}\n\t}\n\treturn last\n}"),
}  # fmt: skip


@pytest.mark.parametrize(("rule", "imports", "body"), GUILTY.values(), ids=GUILTY)
def test_what_lies_in_a_field_and_is_lost_is_suspected(
    tmp_path: Path, rule: str, imports: tuple[str, ...], body: str
) -> None:
    assert len(lost(tmp_path, rule, imports, body)) == 1


@pytest.mark.parametrize(("rule", "imports", "body"), INNOCENT.values(), ids=INNOCENT)
def test_what_lies_in_a_field_and_is_released_is_not(
    tmp_path: Path, rule: str, imports: tuple[str, ...], body: str
) -> None:
    assert lost(tmp_path, rule, imports, body) == []
