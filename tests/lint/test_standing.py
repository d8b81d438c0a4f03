"""Maps and slices that only grow: by how their additions come, whose they are, and what takes out of them."""

from pathlib import Path

import pytest
from go_text import lost

MAP, SLICE = "unbounded-map", "growing-slice"
HANDLER = "\n\nfunc (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {\n\t%s\n}"
SERVER = "type server struct {\n\tmu sync.Mutex\n\t%s\n}"
HTTP = ("net/http", "sync")
LOCKS = (
    "var locks sync.Map\n\nfunc lock(k string) *sync.Mutex {\n\tm, _ := locks.LoadOrStore(k, new(sync.Mutex))"
    "\n\treturn m.(*sync.Mutex)\n}\n\n"
)

GUILTY = {
    "a map that a helper of a handler fills": (MAP, HTTP, SERVER % "seen map[string]bool" + "\n\nfunc (s *server) note(k string) {\n\ts.mu.Lock()\n\ts.seen[k] = true\n\ts.mu.Unlock()\n}"
    + HANDLER % "s.note(r.RemoteAddr)"),
    "a helper of a helper": (MAP, HTTP, "var hits = map[string]int{}\n\nfunc count(k string) { hits[k]++ }\n\nfunc both(k string) { count(k) }\n\ntype server struct{}" + HANDLER % "both(r.URL.Path)"),
    "a map of maps": (MAP, HTTP, SERVER % "seen map[string]map[string]int" + HANDLER % "s.mu.Lock()\n\tdefer s.mu.Unlock()\n\tm, ok := s.seen[r.Host]\n\tif !ok {\n\t\tm = map[string]int{}\n\t\t"
    "s.seen[r.Host] = m\n\t}\n\tm[r.URL.Path]++"),
    "a field of a struct in a field": (MAP, HTTP, "type stats struct {\n\tsync.Mutex\n\tpaths map[string]int\n}\n\ntype server struct{ stats stats }" + HANDLER % "s.stats.Lock()\n\ts.stats.paths[r.URL.Path]++\n\ts.stats.Unlock()"),
    "an unnamed struct": (MAP, ("sync",), "var cache = struct {\n\tsync.RWMutex\n\tm map[string][]byte\n}{m: map[string][]byte{}}\n\nfunc Get(k string) []byte {\n\tcache.Lock()\n\tdefer cache.Unlock()"
    "\n\tif b, ok := cache.m[k]; ok {\n\t\treturn b\n\t}\n\tcache.m[k] = []byte(k)\n\treturn cache.m[k]\n}"),
    "a sync.Map without a lock": (MAP, ("sync",), "type Cache struct{ all sync.Map }\n\nfunc (c *Cache) Get(k string) any {\n\tv, _ := c.all.LoadOrStore(k, new(int))\n\treturn v\n}"),
    "a name that another type's field has, too": (MAP, ("sync",), "type Queue struct {\n\tmu sync.Mutex\n\titems map[string]int\n}\n\nfunc (q *Queue) Drop(k string) { delete(q.items, k) }\n\n"
    "type Cache struct {\n\tmu sync.Mutex\n\titems map[string]int\n}\n\nfunc (c *Cache) Get(k string) int {\n\tc.mu.Lock()\n\tdefer c.mu.Unlock()\n\tif v, ok := c.items[k]; ok {\n\t\treturn v\n\t}\n\tc.items[k] = len(k)\n\treturn 0\n}"),
    "a loop over messages": (MAP, (), "type message struct{ id string }\n\nvar done = map[string]bool{}\n\nfunc run(in chan message) {\n\tfor {\n\t\tm := <-in\n\t\tif done[m.id] {\n\t\t\tcontinue\n\t\t}\n\t\tdone[m.id] = true\n\t}\n}"),
    "a lock for each key that a helper makes": (MAP, ("sync",), LOCKS + "func Do(k string, f func()) {\n\tm := lock(k)\n\tm.Lock()\n\tdefer m.Unlock()\n\tf()\n}"),
    "a generic cache": (MAP, ("sync",), "type Cache[K comparable, V any] struct {\n\tmu sync.Mutex\n\tall map[K]V\n}\n\nfunc (c *Cache[K, V]) Get(k K, load func(K) V) V {\n\tc.mu.Lock()\n\tdefer c.mu.Unlock()\n\tif v, ok := c.all[k]; ok {"
    "\n\t\treturn v\n\t}\n\tv := load(k)\n\tc.all[k] = v\n\treturn v\n}"),
    "a compiled pattern for each text": (MAP, ("regexp", "sync"), "type Cache struct {\n\tmu sync.Mutex\n\tall map[string]*regexp.Regexp\n}\n\nfunc (c *Cache) Compile(p string) (*regexp.Regexp, error) {\n\tc.mu.Lock()\n\tdefer c.mu.Unlock()"
    "\n\tif re := c.all[p]; re != nil {\n\t\treturn re, nil\n\t}\n\tre, err := regexp.Compile(p)\n\tif err == nil {\n\t\tc.all[p] = re\n\t}\n\treturn re, err\n}"),
    "a map that a handler's literal has": (MAP, HTTP, "func handler() http.HandlerFunc {\n\tvar mu sync.Mutex\n\tseen := map[string]int{}\n\treturn func(w http.ResponseWriter, r *http.Request) {\n\t\tmu.Lock()\n\t\tseen[r.RemoteAddr]++\n\t\tmu.Unlock()\n\t}\n}"),
    "a map that is deleted from on one way only by a name": (MAP, HTTP, SERVER % "users map[string]int" + HANDLER % "s.mu.Lock()\n\tdefer s.mu.Unlock()\n\ts.users[r.RemoteAddr] = len(s.users)"),
    "a slice of a handler": (SLICE, HTTP, SERVER % "log []string" + HANDLER % "s.mu.Lock()\n\ts.log = append(s.log, r.URL.Path)\n\ts.mu.Unlock()\n\tfor i := 0; i < len(s.log); i++ {\n\t\tprintln(s.log[i])\n\t}"),
    "a slice that a helper of a handler fills": (SLICE, HTTP, SERVER % "errs []error" + "\n\nfunc (s *server) fail(err error) {\n\ts.mu.Lock()\n\ts.errs = append(s.errs, err)\n\ts.mu.Unlock()\n}" + HANDLER % "s.fail(r.ParseForm())"),
    "a slice of events": (SLICE, ("sync",), "type Recorder struct {\n\tmu sync.Mutex\n\tevents []string\n}\n\nfunc (r *Recorder) Record(e string) {\n\tr.mu.Lock()\n\tdefer r.mu.Unlock()\n\tr.events = append(r.events, e)\n}"),
    "a slice that is written as JSON": (SLICE, ("encoding/json", *HTTP), SERVER % "log []string" + HANDLER % "s.mu.Lock()\n\tdefer s.mu.Unlock()\n\ts.log = append(s.log, r.URL.Path)\n\tjson.NewEncoder(w).Encode(s.log)"),
    "latencies of a worker": (SLICE, ("sync",), "type worker struct {\n\tmu sync.Mutex\n\ttook []int\n\tin chan int\n}\n\nfunc (w *worker) run() {\n\tfor {\n\t\tn := <-w.in\n\t\tw.mu.Lock()\n\t\tw.took = append(w.took, n)\n\t\tw.mu.Unlock()\n\t}\n}"),
    "a map of slices": (MAP, HTTP, SERVER % "byUser map[string][]string" + HANDLER % "s.mu.Lock()\n\ts.byUser[r.RemoteAddr] = append(s.byUser[r.RemoteAddr], r.URL.Path)\n\ts.mu.Unlock()"),
}  # fmt: skip

INNOCENT = {
    "a helper that only init calls": (MAP, HTTP, "var names = map[string]int{}\n\nfunc note(k string) { names[k]++ }\n\nfunc init() { note(\"a\") }"),
    "locks that are given back": (MAP, ("sync",), LOCKS + "func Do(k string, f func()) {\n\tm := lock(k)\n\tm.Lock()\n\tdefer locks.Delete(k)\n\tf()\n}"),
    "locks that only init asks for": (MAP, ("sync",), LOCKS + "func init() { lock(\"a\").Lock() }"),
    "keys that all calls write down": (MAP, HTTP, SERVER % "hits map[string]int" + "\n\nfunc (s *server) count(k string) {\n\ts.mu.Lock()\n\ts.hits[k]++\n\ts.mu.Unlock()\n}" + HANDLER % "s.count(\"all\")"),
    "a sweep of the same type": (MAP, HTTP, SERVER % "seen map[string]bool" + "\n\nfunc (s *server) sweep() {\n\tfor k := range s.seen {\n\t\tdelete(s.seen, k)\n\t}\n}" + HANDLER % "s.seen[r.RemoteAddr] = true"),
    "a value of one call": (MAP, HTTP, "type scan struct {\n\tmu sync.Mutex\n\tseen map[string]bool\n}\n\ntype server struct{}" + HANDLER % "x := &scan{seen: map[string]bool{}}\n\tx.seen[r.URL.Path] = true"),
    "a literal's map of one call": (MAP, HTTP, "type server struct{}" + HANDLER % "seen := map[string]int{}\n\tadd := func(k string) { seen[k]++ }\n\tadd(r.URL.Path)"),
    "a slice that is sent and begun anew": (SLICE, HTTP, SERVER % "log []string" + "\n\nfunc (s *server) flush() { s.log = nil }" + HANDLER % "s.log = append(s.log, r.URL.Path)"),
    "a slice with a look at its length": (SLICE, HTTP, SERVER % "log []string" + HANDLER % "if len(s.log) < 100 {\n\t\ts.log = append(s.log, r.URL.Path)\n\t}"),
    "listeners that are added at the beginning": (SLICE, ("sync",), "type Bus struct {\n\tmu sync.Mutex\n\ton []func()\n}\n\nfunc (b *Bus) On(f func()) {\n\tb.mu.Lock()\n\tb.on = append(b.on, f)\n\tb.mu.Unlock()\n}"),
    "an unexported map of a command": (MAP, ("sync",), "type walk struct {\n\tmu sync.Mutex\n\tseen map[string]bool\n}\n\nfunc (w *walk) visit(k string) {\n\tw.mu.Lock()\n\tdefer w.mu.Unlock()\n\tif !w.seen[k] {\n\t\tw.seen[k] = true\n\t}\n}"),
    "a cache of types": (MAP, ("reflect", "sync"), "var cache sync.Map\n\nfunc Of(t reflect.Type) int {\n\tif v, ok := cache.Load(t); ok {\n\t\treturn v.(int)\n\t}\n\tcache.Store(t, 1)\n\treturn 1\n}"),
}  # fmt: skip


@pytest.mark.parametrize(("rule", "imports", "body"), GUILTY.values(), ids=GUILTY)
def test_what_only_grows_is_suspected(tmp_path: Path, rule: str, imports: tuple[str, ...], body: str) -> None:
    assert len(lost(tmp_path, rule, imports, body)) == 1


@pytest.mark.parametrize(("rule", "imports", "body"), INNOCENT.values(), ids=INNOCENT)
def test_what_is_bounded_or_filled_once_is_not(tmp_path: Path, rule: str, imports: tuple[str, ...], body: str) -> None:
    assert lost(tmp_path, rule, imports, body) == []
