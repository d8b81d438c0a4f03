"""Goroutines behind channels that callers are given or fields hold, and loops that helpers start for each request."""

from pathlib import Path

import pytest
from go_text import lost, package, suspected, written

RULE = "stuck-goroutine"
LINES = (
    "func lines(r *bufio.Scanner) <-chan string {\n\tout := make(chan string%s)\n\tgo func() {\n\t\tdefer close(out)\n\t\tfor r.Scan() {\n\t\t\t"
    "out <- r.Text()\n\t\t}\n\t}()\n\treturn out\n}\n\n"
)
POOL = (
    "type pool struct {\n\tjobs chan int\n\tdone chan struct{}\n}\n\nfunc newPool() *pool {\n\tp := &pool{jobs: make(chan int), done: make(chan struct{})}"
    "\n\tgo p.work()\n\treturn p\n}\n\nfunc (p *pool) Do(n int) {\n\tselect {\n\tcase p.jobs <- n:\n\tdefault:\n\t}\n}\n\nfunc (p *pool) work() {\n\t%s\n}\n\nfunc (p *pool) Close() {%s}"
)
WAIT = "for {\n\t\tselect {\n\t\tcase n := <-p.jobs:\n\t\t\tprintln(n)\n\t\tcase <-p.done:\n\t\t\treturn\n\t\t}\n\t}"
BEAT = "func beat(f func()) {\n\t%s\n}\n\nfunc handle(w http.ResponseWriter, r *http.Request) {\n\tbeat(func() { w.Write(nil) })\n}"
FEED = "func sum(all <-chan string) error {\n\tfor l := range all {\n\t\t%s\n\t}\n\treturn nil\n}\n\nfunc f(r *bufio.Scanner) error { return sum(lines(r)) }"
TOPIC = (
    "type sub struct{ queue chan int }\n\ntype broker struct {\n\tmu sync.Mutex\n\tsubs map[int]*sub\n}\n\nfunc (b *broker) add(id int, do func(int)) {"
    "\n\ts := &sub{queue: make(chan int, 8)}\n\tb.mu.Lock()\n\tb.subs[id] = s\n\tb.mu.Unlock()\n\tgo s.run(do)\n}\n\nfunc (b *broker) drop(id int) {"
    "\n\tb.mu.Lock()\n\t%sdelete(b.subs, id)\n\tb.mu.Unlock()\n}\n\nfunc (s *sub) run(do func(int)) {\n\tfor n := range s.queue {\n\t\tdo(n)\n\t}\n}"
    "\n\nfunc (b *broker) tell(id, n int) { b.subs[id].queue <- n }\n\nfunc %s"
)
EVENTS = "events(b *broker) http.HandlerFunc {\n\treturn func(w http.ResponseWriter, r *http.Request) {\n\t\tb.add(1, func(int) {})\n\t\tdefer b.drop(1)\n\t}\n}"
LOOP = "go func() {\n\t\tfor {\n\t\t\tf()\n\t\t\ttime.Sleep(1)\n\t\t}\n\t}()"

GUILTY = {
    "a search that stops at the first": (("bufio",), LINES % "" + "func f(r *bufio.Scanner) string {\n\tfor l := range lines(r) {\n\t\tif l != \"\" {\n\t\t\treturn l\n\t\t}\n\t}\n\treturn \"\"\n}"),
    "one of many": (("bufio",), LINES % "" + "func f(r *bufio.Scanner) string { return <-lines(r) }"),
    "a variable and a break": (("bufio",), LINES % "" + "func f(r *bufio.Scanner) {\n\tall := lines(r)\n\tfor l := range all {\n\t\tif l == \".\" {\n\t\t\tbreak\n\t\t}\n\t}\n}"),
    "a function that is given the channel and stops": (("bufio", "errors"), LINES % "" + FEED % "if l == \"\" {\n\t\t\treturn errors.New(l)\n\t\t}"),
    "some room and no end of sends": (("bufio", "errors"), LINES % ", 16" + FEED % "if l == \"\" {\n\t\t\treturn errors.New(l)\n\t\t}"),
    "a queue of each request that only takes": (("net/http", "sync"), TOPIC % ("", EVENTS)),
    "a done that nobody closes": ((), POOL % (WAIT, "")),
    "a ticker's channel in a field": (("time",), "type b struct {\n\tt *time.Ticker\n}\n\nfunc start() *b {\n\tx := &b{t: time.NewTicker(1)}\n\tgo x.run()\n\treturn x\n}\n\nfunc (x *b) run() {\n\tfor range x.t.C {"
    "\n\t\tprintln(1)\n\t}\n}\n\nfunc (x *b) Stop() { x.t.Stop() }"),
    "a loop that a helper starts": (("net/http", "time"), BEAT % LOOP),
    "a literal that calls a loop": (("net/http",), "func spin() {\n\tfor {\n\t\tprintln(1)\n\t}\n}\n\nfunc handle(w http.ResponseWriter, r *http.Request) {\n\tgo func() {\n\t\tspin()\n\t}()\n}"),
    "a select without cases": (("net/http",), "func handle(w http.ResponseWriter, r *http.Request) {\n\tgo func() {\n\t\tprintln(r)\n\t\tselect {}\n\t}()\n}"),
}  # fmt: skip

INNOCENT = {
    "a search that reads to the end": (("bufio",), LINES % "" + "func f(r *bufio.Scanner) (n int) {\n\tfor range lines(r) {\n\t\tn++\n\t}\n\treturn n\n}"),
    "a function that is given the channel and reads to the end": (("bufio",), LINES % "" + FEED % "println(l)"),
    "room for the one send": (("bufio",), "func ask() chan int {\n\tc := make(chan int, 1)\n\tgo func() { c <- 1 }()\n\treturn c\n}\n\nfunc sum(c chan int) {\n\tfor range c {\n\t\treturn\n\t}\n}\n\nfunc f() { sum(ask()) }"),
    "as much room as there are sends": (("bufio",), LINES % ", len(r.Bytes())" + FEED % "return nil"),
    "a queue that is closed with its entry": (("net/http", "sync"), TOPIC % ("close(b.subs[id].queue)\n\t", EVENTS)),
    "a queue for as long as the program": (("net/http", "sync"), TOPIC % ("", "begin(b *broker) { b.add(1, func(int) {}) }")),
    "a caller that drains": (("bufio",), LINES % "" + "func f(r *bufio.Scanner) {\n\tall := lines(r)\n\tdefer func() {\n\t\tfor range all {\n\t\t}\n\t}()\n\tfor l := range all {\n\t\tif l == \"\" {\n\t\t\treturn\n\t\t}\n\t}\n}"),
    "one answer with one send": ((), "func ask() chan int {\n\tc := make(chan int)\n\tgo func() { c <- 1 }()\n\treturn c\n}\n\nfunc f() int { return <-ask() }"),
    "callers that are not here": (("bufio",), LINES % ""),
    "a caller that hands it on": (("bufio",), LINES % "" + "func f(r *bufio.Scanner, g func(<-chan string)) { g(lines(r)) }"),
    "a loop until it is closed": (("bufio",), LINES % "" + "func f(r *bufio.Scanner) {\n\tall := lines(r)\n\tfor {\n\t\tl, ok := <-all\n\t\tif !ok {\n\t\t\treturn\n\t\t}\n\t\tprintln(l)\n\t}\n}"),
    "a done that Close closes": ((), POOL % (WAIT, " close(p.done) ")),
    "a loop under Once": (("net/http", "sync", "time"), "var once sync.Once\n\n" + BEAT % ("once.Do(func() {\n\t\t" + LOOP + "\n\t})")),
    "a loop that main starts": (("time",), "func beat(f func()) {\n\t" + LOOP + "\n}\n\nfunc init() { beat(func() {}) }"),
}  # fmt: skip


@pytest.mark.parametrize(("imports", "body"), GUILTY.values(), ids=GUILTY)
def test_a_goroutine_without_a_way_out_is_suspected(tmp_path: Path, imports: tuple[str, ...], body: str) -> None:
    assert len(lost(tmp_path, RULE, imports, body)) == 1


@pytest.mark.parametrize(("imports", "body"), INNOCENT.values(), ids=INNOCENT)
def test_a_goroutine_that_ends_is_not(tmp_path: Path, imports: tuple[str, ...], body: str) -> None:
    assert lost(tmp_path, RULE, imports, body) == []


def test_a_queue_that_is_sent_to_is_said_to_be_never_closed(tmp_path: Path) -> None:
    tree = written(tmp_path, {"p.go": package(("net/http", "sync"), TOPIC % ("", EVENTS))})
    assert [one.message for one in suspected(tree, (RULE,))] == [
        "the goroutine that is started here waits for queue (line 28), and nothing in this package ever closes queue"
    ]


def test_the_function_that_leaves_a_channel_is_named_in_its_own_file(tmp_path: Path) -> None:
    body = FEED % 'if l == "" {\n\t\t\treturn errors.New(l)\n\t\t}'
    files = {"a.go": package(("bufio",), LINES % ""), "b.go": package(("bufio", "errors"), body)}
    (said,) = suspected(written(tmp_path, files), (RULE,))
    assert said.file == "a.go"
    assert said.message.endswith("sum may leave out in b.go:9")
