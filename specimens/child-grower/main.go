// Child-grower stays as it is while its child grows. In the twin the child is as busy, and does not grow.
package main

import (
	"bufio"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"

	"example.org/specimens/internal/stage"
)

const (
	jobBytes = 64 << 10
	kept     = 64 // jobs that the twin's child keeps
)

func main() {
	isChild := flag.Bool("child", false, "be the child")
	run := stage.Open(24, "`JOBS` of 64 KiB per second")
	if *isChild {
		child(run)
		return
	}
	program, err := os.Executable()
	run.Must(err)
	command := exec.Command(program, append([]string{"-child"}, run.Bounds()...)...)
	command.Stderr = os.Stderr
	jobs, err := command.StdinPipe() // its end is the child's end, however we die
	run.Must(err)
	answers, err := command.StdoutPipe()
	run.Must(err)
	run.Must(command.Start())
	run.AtEnd(func() { jobs.Close() })
	if _, err := bufio.NewReader(answers).ReadString('\n'); err != nil {
		run.Fail("the child did not start: %v", err)
	}
	run.Ready(fmt.Sprintf("child=%d", command.Process.Pid))
	run.Pace(run.Rate, func() { // no Wait: when the child ends, writing fails
		_, err := fmt.Fprintln(jobs, "job")
		run.Must(err)
	})
}

// child does a job for each line of standard input until there are no more.
func child(run *stage.Stage) {
	var done [][]byte
	oldest := 0
	work := func() {
		result := make([]byte, jobBytes)
		for at := range result {
			result[at] = 1
		}
		if run.Twin && len(done) == kept {
			done[oldest] = result
			oldest = (oldest + 1) % kept
			return
		}
		done = append(done, result)
	}
	if run.Twin {
		run.WarmUp(run.Rate, func() bool { return len(done) == kept }, work)
	}
	fmt.Println("child ready")
	lines := bufio.NewReader(os.Stdin)
	for {
		if _, err := lines.ReadString('\n'); err == io.EOF {
			run.Fail("the parent has ended")
		}
		work()
	}
}
