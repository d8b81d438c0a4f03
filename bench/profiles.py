"""Real Go heap profiles of any size: a program of 400 functions that allocates along random call paths, every byte sampled."""

import subprocess
from pathlib import Path

FUNCTIONS = 400

_HEAD = """package main

import (
	"fmt"
	"os"
	"runtime"
	"runtime/pprof"
	"strconv"
)

type path struct {
	state uint64
	depth int
}

func (p *path) next() int {
	p.state ^= p.state << 13
	p.state ^= p.state >> 7
	p.state ^= p.state << 17
	return int(p.state>>33) % len(steps)
}

var (
	held  [][]byte
	steps [COUNT]func(*path)
)

func hold(size int) { held = append(held, make([]byte, size)) }

func onward(p *path) { steps[p.next()](p) }
"""

_STEP = """
//go:noinline
func step%03d(p *path) {
	if p.depth--; p.depth <= 0 {
		hold(16 + int(p.state>>20)%%8*%d)
		return
	}
	onward(p)
}
"""

_TAIL = """
func main() {
	paths, err := strconv.Atoi(os.Args[1])
	if err != nil {
		panic(err)
	}
	runtime.MemProfileRate = 1
	p := &path{state: 88172645463325252}
	for i := 0; i < paths; i++ {
		p.depth = 4 + p.next()%14
		onward(p)
	}
	runtime.GC()
	out, err := os.Create(os.Args[2])
	if err != nil {
		panic(err)
	}
	if err := pprof.Lookup("heap").WriteTo(out, 0); err != nil {
		panic(err)
	}
	if err := out.Close(); err != nil {
		panic(err)
	}
	fmt.Println(len(held))
}
"""


def build(go: str, folder: Path) -> Path:
    """The program, built in a folder of its own."""
    folder.mkdir(parents=True, exist_ok=True)
    steps = "".join(_STEP % (i, 16 + i) for i in range(FUNCTIONS))
    filled = "".join(f"\tsteps[{i}] = step{i:03d}\n" for i in range(FUNCTIONS))
    (folder / "main.go").write_text(
        _HEAD.replace("COUNT", str(FUNCTIONS)) + steps + f"\nfunc init() {{\n{filled}}}\n" + _TAIL
    )
    (folder / "go.mod").write_text("module profiles\n\ngo 1.24\n")
    program = folder / "profiles"
    subprocess.run([go, "build", "-o", program, "."], cwd=folder, check=True)
    return program


def write_profile(program: Path, paths: int, to: Path) -> None:
    """A heap profile of so many paths, gzipped as Go writes it."""
    subprocess.run([program, str(paths), to], check=True, stdout=subprocess.DEVNULL)
