// Child-pile is a supervisor that starts a helper for each job and never ends one. Each is small, and the
// supervisor itself stays as it is. The twin has a pool: when it is full, the oldest helper is ended.
package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"syscall"

	"example.org/specimens/internal/stage"
)

const (
	stateBytes  = 1 * stage.MiB // what a helper keeps
	helperBytes = 7 * stage.MiB // what it has resident, about, with its runtime
	pool        = 6             // helpers of the twin
)

func main() {
	isHelper := flag.Bool("helper", false, "be a helper")
	run := stage.Open(0.25, "`HELPERS` started per second")
	if *isHelper {
		help(run)
	}
	orders, ours, err := os.Pipe() // every helper's standard input; our end closes with us, however we die
	run.Must(err)
	run.AtEnd(func() {
		ours.Close()
		for errno := error(nil); errno != syscall.ECHILD; { // no zombies for an init that reaps none
			_, errno = syscall.Wait4(-1, nil, 0, nil)
		}
	})
	program, err := os.Executable()
	run.Must(err)
	arguments := append([]string{program, "-helper"}, run.Bounds()...)
	var helpers []int
	step := func() {
		helpers = append(helpers, start(run, arguments, orders))
		run.Outside(helperBytes)
		if run.Twin && len(helpers) > pool {
			run.Must(end(helpers[0]))
			helpers = append(helpers[:0], helpers[1:]...)
			run.Outside(-helperBytes)
		}
	}
	step()
	for run.Twin && len(helpers) < pool {
		step()
	}
	run.Ready(fmt.Sprintf("helper=%d", helpers[0]))
	run.Pace(run.Rate, step)
}

// start returns the helper's pid when the helper has said that it is there. The package os would keep a
// descriptor for it.
func start(run *stage.Stage, arguments []string, orders *os.File) int {
	answers, theirs, err := os.Pipe()
	run.Must(err)
	files := []uintptr{orders.Fd(), theirs.Fd(), os.Stderr.Fd()}
	helper, err := syscall.ForkExec(arguments[0], arguments, &syscall.ProcAttr{Env: os.Environ(), Files: files})
	run.Must(err)
	run.Must(theirs.Close())
	if _, err := answers.Read(make([]byte, 1)); err != nil {
		run.Fail("a helper did not start: %v", err)
	}
	run.Must(answers.Close())
	return helper
}

// end ends a helper that nobody has waited for: its pid is still its own.
func end(helper int) error {
	if err := syscall.Kill(helper, syscall.SIGKILL); err != nil {
		return err
	}
	_, err := syscall.Wait4(helper, nil, 0, nil)
	return err
}

// help keeps its state until there are no more orders.
func help(run *stage.Stage) {
	state := make([]byte, stateBytes)
	for at := range state {
		state[at] = byte(at)
	}
	fmt.Print("\n")
	io.Copy(io.Discard, os.Stdin)
	run.Fail("the supervisor has ended, state %d", state[0])
}
