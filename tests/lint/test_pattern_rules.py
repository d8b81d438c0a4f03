"""The rules for patterns: each against what leaks, and against what only looks so."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from memwhy.lint.linting import read
from memwhy.lint.reading import Options
from memwhy.lint.rules import RULES
from memwhy.model.suspect import REPORTED

PATTERNS = ("transport-per-call", "stuck-goroutine", "after-in-loop", "defer-in-loop", "unbounded-map", "growing-slice", "kept-slice", "pooled-buffer")  # fmt: skip


def said(tmp_path: Path, body: str, *, go: str = "1.22", least: float = REPORTED) -> list[tuple[str, int]]:
    """(rule, line) of what is suspected; line 1 is the body's first."""
    (tmp_path / "go.mod").write_text(f"module example.org/a\n\ngo {go}\n")
    (tmp_path / "a.go").write_text(body)
    rules = [rule for rule in RULES if rule.NAME in PATTERNS]
    return [(one.rule, one.line) for one in read(str(tmp_path), Options(), rules).suspects if one.weight >= least]


def test_a_transport_of_a_handler_is_one_for_each_call(tmp_path: Path) -> None:
    code = """package a
import "net/http"
func Handle(w http.ResponseWriter, r *http.Request) {
	client := &http.Client{Transport: &http.Transport{MaxIdleConns: 4}}
	client.Get("http://a")
}
"""
    assert said(tmp_path, code) == [("transport-per-call", 4)]


@pytest.mark.parametrize(
    "body",
    [
        'var client = &http.Client{Transport: &http.Transport{}}\nfunc f() { client.Get("x") }',
        "func New() *http.Client { return &http.Client{Transport: &http.Transport{}} }",
        'func f() { c := &http.Client{Timeout: 5}; c.Get("x") }',
        'func f() { t := &http.Transport{}; defer t.CloseIdleConnections(); c := &http.Client{Transport: t}; c.Get("x") }',
        'func f() { c := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}; c.Get("x") }',
        "type s struct { c *http.Client }\nfunc (s *s) open() { s.c = &http.Client{Transport: &http.Transport{}}; s.c.Get(\"x\") }",
    ],
)  # fmt: skip
def test_a_transport_that_is_shared_returned_or_closed_is_innocent(tmp_path: Path, body: str) -> None:
    assert said(tmp_path, f'package a\nimport "net/http"\n{body}\n') == []


AFTER = """package a
import "time"
func f(in <-chan int, stop <-chan bool) {
	for {
		select {
		case <-in:
		case <-time.After(5 * time.Minute):
		case <-stop:
			return
		}
	}
}
"""


def test_time_after_in_a_loop_counts_before_go_1_23_only(tmp_path: Path) -> None:
    assert said(tmp_path, AFTER) == [("after-in-loop", 7)]
    assert said(tmp_path, AFTER, go="1.23") == []


def test_time_after_is_innocent_where_the_other_cases_leave_or_nothing_else_is_waited_for(tmp_path: Path) -> None:
    assert said(tmp_path, AFTER.replace("case <-in:", "case <-in:\n\t\t\treturn")) == []
    assert said(tmp_path, 'package a\nimport "time"\nfunc f() {\n\tfor {\n\t\t<-time.After(time.Hour)\n\t}\n}\n') == []


def test_a_defer_in_a_loop_waits_for_the_function(tmp_path: Path) -> None:
    code = """package a
import "os"
func f(names []string) {
	for _, name := range names {
		file, err := os.Open(name)
		if err != nil {
			continue
		}
		defer file.Close()
	}
}
"""
    assert said(tmp_path, code) == [("defer-in-loop", 9)]


@pytest.mark.parametrize(
    "loop",
    [
        "for _, n := range names { func() { file, _ := os.Open(n); defer file.Close() }() }",
        "for _, n := range names { file, err := os.Open(n); if err != nil { continue }; defer file.Close(); return }",
        'for _, n := range []string{"a", "b"} { file, _ := os.Open(n); defer file.Close() }',
        "for i := 0; i < 3; i++ { file, _ := os.Open(names[i]); defer file.Close() }",
        "for i := 0; i < tries; i++ { file, _ := os.Open(names[i]); defer file.Close() }",
        "for range names { mu.Lock(); defer mu.Unlock() }",
    ],
)
def test_a_defer_that_runs_once_a_few_times_or_in_its_own_function_is_innocent(tmp_path: Path, loop: str) -> None:
    code = (
        f'package a\nimport ("os"; "sync")\nconst tries = 3\nvar mu sync.Mutex\nfunc f(names []string) {{\n{loop}\n}}\n'
    )
    assert said(tmp_path, code) == []


JUMPS = """package a
import "os"
func f(names []string) {
again:
	file, err := os.Open(names[0])
	if err == nil {
		defer file.Close()
		STOP
	}
	if names = names[1:]; len(names) > 0 {
		goto again
	}
	return
}
"""


def test_a_defer_between_a_label_and_its_goto_is_in_a_loop(tmp_path: Path) -> None:
    assert said(tmp_path, JUMPS.replace("STOP", "println(file.Name())")) == [("defer-in-loop", 7)]


def test_a_defer_whose_way_leaves_before_the_goto_is_innocent(tmp_path: Path) -> None:
    assert said(tmp_path, JUMPS.replace("STOP", "return")) == []


GUARDED = """package a
import "sync"
type Cache struct {
	mu sync.Mutex
	entries map[string][]byte
}
func (c *Cache) Get(key string) []byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	if found, ok := c.entries[key]; ok {
		return found
	}
	c.entries[key] = load(key)
	return c.entries[key]
}
func load(key string) []byte { return []byte(key) }
"""


def test_a_cache_that_nothing_is_taken_out_of_is_told_at_its_addition(tmp_path: Path) -> None:
    assert said(tmp_path, GUARDED) == [("unbounded-map", 13)]


@pytest.mark.parametrize(
    "more",
    [
        "func (c *Cache) drop(key string) { delete(c.entries, key) }",
        "func (c *Cache) reset() { c.entries = map[string][]byte{} }",
        "func (c *Cache) reset() { clear(c.entries) }",
        "func (c *Cache) full() bool { return len(c.entries) >= 1000 }",
        "func (c *Cache) All() map[string][]byte { return c.entries }",
        "func (c *Cache) sweep() { evict(c.entries) }\nfunc evict(m map[string][]byte) {}",
    ],
)
def test_a_cache_that_is_emptied_bounded_or_handed_on_is_innocent(tmp_path: Path, more: str) -> None:
    assert said(tmp_path, GUARDED + more + "\n") == []


@pytest.mark.parametrize("key", ["reflect.Type", "kind", "bool"])
def test_keys_of_few_values_are_innocent(tmp_path: Path, key: str) -> None:
    code = GUARDED.replace("map[string]", f"map[{key}]").replace("key string", f"key {key}")
    code = code.replace(
        'import "sync"', 'import ("reflect"; "sync")\ntype kind int\nconst (\n\tone kind = iota\n\ttwo\n)'
    )
    assert said(tmp_path, code) == []


def test_a_registry_that_is_filled_at_the_beginning_is_innocent(tmp_path: Path) -> None:
    code = """package a
import "sync"
var mu sync.Mutex
var names = map[string]int{}
func Register(name string, number int) {
	mu.Lock()
	defer mu.Unlock()
	if _, twice := names[name]; twice {
		panic(name)
	}
	names[name] = number
}
"""
    assert said(tmp_path, code) == []


def test_a_slice_that_requests_append_to_and_nothing_shortens_is_told(tmp_path: Path) -> None:
    code = """package a
import "net/http"
var history []string
func Handle(w http.ResponseWriter, r *http.Request) {
	history = append(history, r.URL.Path)
}
"""
    assert said(tmp_path, code) == [("growing-slice", 5)]
    assert said(tmp_path, code + "func trim() { history = history[1:] }\n") == []


def test_a_piece_of_a_file_that_is_kept_holds_the_file(tmp_path: Path) -> None:
    code = """package a
import "os"
var heads = map[string][]byte{}
func Head(name string) {
	data, err := os.ReadFile(name)
	if err != nil {
		return
	}
	heads[name] = data[:16]
}
"""
    assert ("kept-slice", 9) in said(tmp_path, code)
    for copied in ("bytes.Clone(data[:16])", "append([]byte(nil), data[:16]...)", "[]byte(string(data[:16]))", "data"):
        assert ("kept-slice", 9) not in said(tmp_path, code.replace("data[:16]", copied))


STUCK = """package a
import ("context"; "time")
func Ask(ctx context.Context) int {
	answer := make(chan int%s)
	go func() {
		answer <- work()
	}()
	select {
	case got := <-answer:
		return got
	case <-ctx.Done():
		return 0
	}
}
func work() int { time.Sleep(1); return 1 }
"""


def test_a_send_whose_receiver_may_have_gone_is_stuck_and_room_for_it_frees_it(tmp_path: Path) -> None:
    assert said(tmp_path, STUCK % "") == [("stuck-goroutine", 5)]
    assert said(tmp_path, STUCK % ", 1") == []
    assert (
        said(tmp_path, (STUCK % "").replace("answer <- work()", "select { case answer <- work(): case <-ctx.Done(): }"))
        == []
    )


@pytest.mark.parametrize(
    ("body", "line"),
    [
        ("jobs := make(chan int)\n\tgo func() { for range jobs {} }()\n\tjobs <- 1", 4),
        ("done := make(chan int)\n\tgo func() { <-done }()", 4),
        (
            "errs := make(chan error)\n\tfor range 3 { go func() { errs <- nil }() }\n\tif err := <-errs; err != nil { return }",
            4,
        ),
        ("done := make(chan int)\n\tgo func() { done <- 1 }()\n\tif fails() { return }\n\t<-done", 4),
    ],
)
def test_channels_that_nobody_serves_to_the_end_leave_goroutines(tmp_path: Path, body: str, line: int) -> None:
    assert said(tmp_path, f"package a\nfunc f() {{\n\t{body}\n}}\nfunc fails() bool {{ return true }}\n") == [
        ("stuck-goroutine", line)
    ]


@pytest.mark.parametrize(
    "body",
    [
        "jobs := make(chan int)\n\tgo func() { for range jobs {} }()\n\tdefer close(jobs)\n\tjobs <- 1",
        "done := make(chan int)\n\tgo func() { done <- 1 }()\n\t<-done",
        "slots := make(chan int, 4)\n\tfor range 9 { slots <- 1; go func() { <-slots }() }",
        "done := make(chan int)\n\tgo wait(done)\n\tclose(done)",
        "done := make(chan int)\n\tkeep(done)\n\tgo func() { <-done }()",
        "go func() { for { if fails() { return } } }()",
    ],
)
def test_channels_that_are_served_closed_or_handed_away_are_innocent(tmp_path: Path, body: str) -> None:
    code = f"package a\nvar kept chan int\nfunc keep(c chan int) {{ kept = c }}\nfunc wait(c chan int) {{ <-c }}\nfunc f() {{\n\t{body}\n}}\nfunc fails() bool {{ return true }}\n"
    assert said(tmp_path, code) == []


def test_an_endless_loop_for_each_request_is_told_and_one_of_main_is_not(tmp_path: Path) -> None:
    loop = "go func() { for { work() } }()"
    code = (
        'package a\nimport "net/http"\nfunc Handle(w http.ResponseWriter, r *http.Request) {\n\t%s\n}\nfunc work() {}\n'
    )
    assert said(tmp_path, code % loop) == [("stuck-goroutine", 4)]
    assert said(tmp_path, f"package main\nfunc main() {{\n\t{loop}\n}}\nfunc work() {{}}\n") == []


POOLED = """package a
import ("bytes"; "io"; "sync")
var buffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}
func f(r io.Reader) {
	b := buffers.Get().(*bytes.Buffer)
	io.Copy(b, r)
	buffers.Put(b)
}
"""


@pytest.mark.parametrize(
    ("filled", "told"),
    [
        ("io.Copy(b, r)", 1),
        ("b.ReadFrom(r)", 1),
        ("json.NewEncoder(b).Encode(r)", 1),
        ("page.Execute(b, r)", 1),
        ('b.WriteString("ok")', 0),
        ("io.CopyBuffer(io.Discard, r, b.Bytes())", 0),
    ],
)
def test_a_pooled_buffer_is_told_where_it_takes_in_something_of_any_size(
    tmp_path: Path, filled: str, told: int
) -> None:
    code = POOLED.replace("io.Copy(b, r)", filled)
    assert said(tmp_path, code) == [("pooled-buffer", 7)] * told
    assert said(tmp_path, code.replace("buffers.Put(b)", "if b.Cap() < 1<<16 { buffers.Put(b) }")) == []


def test_a_pooled_buffer_is_told_behind_a_function_that_puts_it_back(tmp_path: Path) -> None:
    code = (
        POOLED.replace("buffers.Put(b)", "done(b)") + "func done(x *bytes.Buffer) {\n\tx.Reset()\n\tbuffers.Put(x)\n}\n"
    )
    assert said(tmp_path, code) == [("pooled-buffer", 11)]
    assert said(tmp_path, code.replace("x.Reset()", "if x.Cap() > 1<<16 { return }")) == []


@pytest.mark.parametrize(
    ("body", "line"),
    [
        ("var c http.Client\n\tc.Transport = &http.Transport{}\n\tc.Get(u)", 4),
        ("t := &http.Transport{}\n\tvar c *http.Client\n\tc = &http.Client{Transport: t}\n\tc.Get(u)", 3),
        ("c := &http.Client{Transport: &http.Transport{}}\n\task(c, u)", 3),
    ],
)
def test_a_transport_in_a_local_client_is_one_for_each_call(tmp_path: Path, body: str, line: int) -> None:
    code = f'package a\nimport "net/http"; func f(u string) {{\n\t{body}\n}}\nfunc ask(c *http.Client, u string) {{ c.Get(u) }}\n'
    assert said(tmp_path, code) == [("transport-per-call", line)]
    kept = code.replace("{ c.Get(u) }", "{ all = c; c.Get(u) }\nvar all *http.Client")
    assert said(tmp_path, kept) == ([] if "ask(c, u)" in body else [("transport-per-call", line)])


PIECES = (AFTER, GUARDED, STUCK % "")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40, deadline=None)
@given(
    st.sampled_from(PIECES),
    st.integers(0, 400),
    st.integers(0, 30),
    st.text(alphabet="(){}[]<-:=;\n\t\"`'/*go for.,x1", max_size=12),
)
def test_go_that_is_cut_and_patched_anywhere_is_read_without_a_crash(
    tmp_path: Path, code: str, at: int, length: int, noise: str
) -> None:
    for one in said(tmp_path, code[:at] + noise + code[at + length :], least=0.0):
        assert one[1] >= 1
