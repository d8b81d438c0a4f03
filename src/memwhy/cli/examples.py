"""Examples of every command, as its --help, the man page and the documents show them; tests run each of them for real.

Names that stand for somebody's own: 4711 a pid, crawler a process that runs, ./crawler its program, post.txt a pasted page,
before.memwhy, after.memwhy and others recordings, core.4711 a core file, bom.json a bill of materials.
"""

EXAMPLES: dict[str, tuple[tuple[str, str], ...]] = {
    "watch": (
        ("memwhy watch crawler", "look for a minute, then say what holds its memory"),
        ("memwhy watch 4711 --for 5m -o crawler.memwhy", "longer, and keep the recording"),
        ("memwhy watch 4711 --native", "also who allocates in C: puts a sampler into the process"),
        ("memwhy watch http://localhost:6060", "the process that listens there, and its pprof endpoint"),
        ("memwhy watch crawler --format json", "the answer for a script"),
    ),
    "run": (
        ("memwhy run -- ./crawler --fast", "start a command and watch it until it ends"),
        ("memwhy run --for 60s -o crawler.memwhy -- ./crawler", "for a minute, and keep the recording"),
        ("memwhy run --native -- ./crawler", "with the sampler of native allocations in it from the start"),
        (
            "memwhy run --probe env:MALLOC_ARENA_MAX=2 --for 60s -- ./crawler",
            "twice, the second time with that variable",
        ),
    ),
    "record": (
        ("memwhy record crawler -o crawler.memwhy", "until Ctrl-C, or until it ends"),
        ("memwhy record 4711 -o night.memwhy --for 8h --tick 10s", "a night, a look every ten seconds"),
    ),
    "bundle": (
        ("memwhy bundle crawler", "20 seconds, into a file that can be sent"),
        ("memwhy bundle 4711 -o crawler.memwhy --for 2m", "longer, into this file"),
    ),
    "explain": (
        ("memwhy explain post.txt", "figures in a page that somebody pasted"),
        ("memwhy explain crawler.memwhy", "a recording, again"),
        ("memwhy explain captures/ post.txt", "a directory of captures and a page, together"),
        ("free -m -s 1 -c 5 | memwhy explain -", "what another command prints"),
        ("memwhy explain crawler.memwhy --plot crawler.svg", "also a picture for a chat or a ticket"),
        ("memwhy explain crawler.memwhy --redact --format markdown -o issue.md", "for a public issue"),
    ),
    "report": (
        ("memwhy report crawler.memwhy -o report.html", "a recording as a page"),
        ("memwhy report post.txt -o report.html", "what the figures of a pasted page say"),
        ("memwhy report crawler.memwhy --redact -o public.html", "for a public issue"),
    ),
    "inspect": (
        ("memwhy inspect 4711", "two looks, five seconds apart"),
        ("memwhy inspect crawler --for 0", "one look"),
        ("memwhy inspect core.4711", "a core file"),
        ("memwhy inspect crawler --holders", "who holds Go's heap: variables, fields, types"),
        (
            "memwhy inspect crawler --retention held.pb.gz",
            "the same as a flame graph, by go tool pprof -http",
        ),
        ("memwhy inspect crawler --heap-profile heap.pb.gz", "Go's heap profile, without asking the process for it"),
    ),
    "verify": (
        ("memwhy verify before.memwhy after.memwhy", "did the fix work?"),
        ("memwhy verify before.memwhy after.memwhy --work 120000 118000", "so many requests were served in each"),
        ("memwhy verify before.memwhy after.memwhy --control control.memwhy", "the unfixed build, run again"),
        ("memwhy verify before.memwhy after.memwhy --format html -o fix.html", "a page: both courses, all intervals"),
    ),
    "check": (
        ("memwhy check crawler --max-growth 1MiB/min", "watch for a minute; exit 1 when it grows faster"),
        ("memwhy check crawler.memwhy --max-growth 1MiB/min --after 30s", "a recording, without its first half minute"),
        ("memwhy check --max-growth 64k/s --for 2m -- ./crawler", "a command, started for it"),
    ),
    "compare": (
        ("memwhy compare cloud.memwhy laptop.memwhy", "leaks there, not here: what differs?"),
        ("memwhy compare before.memwhy after.memwhy -v", "also what is alike"),
        ("memwhy compare cloud.memwhy laptop.memwhy --format html -o two.html", "a page: what differs, ranked"),
    ),
    "deps": (
        ("memwhy deps 4711", "a live process, with the libraries that it loaded"),
        ("memwhy deps ./crawler", "a program file"),
        ("memwhy deps .", "the folder of a Go module: go.work, go.mod, go.sum, vendor"),
        ("memwhy deps bom.json --json", "a bill of materials; the answer as JSON"),
    ),
    "lint": (
        ("memwhy lint .", "suspects in the module here"),
        ("memwhy lint . --diagnosis crawler.memwhy", "those that the recording blames first, with their bytes"),
        ("memwhy lint . --rules=-defer-in-loop", "all rules but that one"),
        ("memwhy lint . --format sarif -o lint.sarif", "for code scanning"),
        ("memwhy lint --rules list", "what is looked for, and what each costs"),
    ),
    "export": (
        ("memwhy export crawler.memwhy -o growth.pb.gz --what heap", "what Go's heap grew by, for go tool pprof"),
        ("memwhy export crawler.memwhy -o native.speedscope.json", "native stacks, for speedscope.app"),
        ("memwhy export crawler.memwhy -o crawler.om", "the layers over time, for promtool and Prometheus"),
        ("memwhy export crawler.memwhy -o all.csv --what series", "every figure at every tick"),
    ),
    "dump": (
        ("memwhy dump crawler.memwhy", "what it holds"),
        ("memwhy dump crawler.memwhy --source proc/status --tick 0", "the bytes of one source at the first tick"),
        ("memwhy dump heap.pb.gz", "a profile, as go tool pprof -top prints it"),
    ),
    "completion": (
        ("memwhy completion bash", "print the script"),
        ("memwhy completion zsh > ~/.zfunc/_memwhy", "a file in a folder of zsh's fpath"),
        ("memwhy completion fish > ~/.config/fish/completions/memwhy.fish", "where fish looks"),
    ),
}
"""Command → its command lines, each with what it does."""


def shown(command: str) -> str:
    """The examples of a command as its help ends with them: "" where it has none."""
    rows = EXAMPLES.get(command, ())
    if not rows:
        return ""
    width = max(len(line) for line, _ in rows if len(line) <= 48) if any(len(line) <= 48 for line, _ in rows) else 0
    text = "".join(
        f"  {line:<{width}}  {what}\n" if len(line) <= width else f"  {line}\n  {'':<{width}}  {what}\n"
        for line, what in rows
    )
    return f"examples:\n{text}"
