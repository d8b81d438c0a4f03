// Package stage is what every specimen shares: its flags, its bounds in time and memory, its READY line.
//
// A specimen is run by a test or a demo that may die at any moment, so it ends by itself: after -for, or when
// its resident memory has grown by -max-leak, or when it is asked to (SIGTERM, SIGINT).
package stage

import (
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/pprof"
	"os"
	"os/signal"
	"path/filepath"
	"runtime/debug"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// MiB is the unit in which specimens speak of memory.
const MiB = 1 << 20

// Stage is the run of one specimen.
type Stage struct {
	Twin bool    // be the innocent twin
	Rate float64 // what one second of the specimen's work amounts to, in the unit its -rate flag names

	outside atomic.Int64

	ready string
	pprof string
	mutex sync.Mutex
	atEnd []func()
}

// Open parses the command line and starts the bounds. Flags of the specimen's own are declared before it.
func Open(rate float64, unit string) *Stage {
	stage := &Stage{}
	maxLeak := size(512 * MiB)
	lifetime := flag.Duration("for", 120*time.Second, "end after `DURATION` at the latest")
	pprofAt := flag.String("pprof", "", "serve net/http/pprof on `HOST:PORT` (port 0: the kernel chooses)")
	flag.Var(&maxLeak, "max-leak", "end when resident memory has grown by `SIZE`")
	flag.Float64Var(&stage.Rate, "rate", rate, unit)
	flag.BoolVar(&stage.Twin, "twin", false, "be the innocent twin")
	flag.StringVar(&stage.ready, "ready", "", "write the READY line to `PATH` (a file or FIFO), not to stdout")
	attached := flag.Bool("attached", false, "end when standard input does: when whoever holds its other end has died")
	flag.Parse()
	if flag.NArg() > 0 {
		stage.Fail("unexpected argument %q", flag.Arg(0))
	}
	if stage.Rate <= 0 {
		stage.Fail("-rate must be above 0, not %v", stage.Rate)
	}
	if *pprofAt != "" {
		stage.servePprof(*pprofAt)
	}
	if *attached {
		go stage.endWithInput()
	}
	go stage.keepBounds(*lifetime, int(maxLeak))
	return stage
}

// Ready says, once, that the warm-up is over. more are further key=value pairs for the line.
func (s *Stage) Ready(more ...string) {
	fields := append([]string{"READY", fmt.Sprintf("pid=%d", os.Getpid())}, more...)
	if s.pprof != "" {
		fields = append(fields, "pprof="+s.pprof)
	}
	line := strings.Join(fields, " ") + "\n"
	if s.ready == "" {
		fmt.Print(line)
		return
	}
	file, err := os.OpenFile(s.ready, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o644)
	s.Must(err)
	_, err = file.WriteString(line)
	s.Must(err)
	s.Must(file.Close())
}

// Pace calls step as often as perSecond says, for ever, late ones soon after one another.
func (s *Stage) Pace(perSecond float64, step func()) {
	began, done := time.Now(), 0
	for range time.Tick(20 * time.Millisecond) {
		for due := int(time.Since(began).Seconds() * perSecond); done < due; done++ {
			step()
		}
	}
}

// WarmUp calls step until the collector has run a few times by itself and enough says so, if it is given.
//
// It paces itself at twenty times perSecond: at full speed the collector would fall behind, and what it gives
// back later would look like a trend. A forced collection would leave a heap that has yet to grow to its size.
func (s *Stage) WarmUp(perSecond float64, enough func() bool, step func()) {
	const speed, collections = 20, 10
	for began, done := time.Now(), 0; ; time.Sleep(2 * time.Millisecond) { // a rate limiter
		for due := int(time.Since(began).Seconds() * perSecond * speed); done < due; done++ {
			step()
		}
		var stats debug.GCStats
		debug.ReadGCStats(&stats)
		if stats.NumGC >= collections && (enough == nil || enough()) {
			return
		}
	}
}

// Bounds are the flags that bound a child as this specimen is bounded, and make it a twin if this is one.
func (s *Stage) Bounds() []string {
	var flags []string
	for _, name := range []string{"for", "max-leak", "twin"} {
		flags = append(flags, fmt.Sprintf("-%s=%v", name, flag.Lookup(name).Value))
	}
	return flags
}

// Outside counts bytes that the specimen holds and its own resident memory does not show (files, the kernel's
// buffers, children) against -max-leak. Negative ones are given back.
func (s *Stage) Outside(bytes int) {
	s.outside.Add(int64(bytes))
}

// AtEnd runs clean before the specimen ends by itself or by SIGTERM.
func (s *Stage) AtEnd(clean func()) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.atEnd = append(s.atEnd, clean)
}

// Must ends the specimen on an error that leaves it without a purpose.
func (s *Stage) Must(err error) {
	if err != nil {
		s.Fail("%v", err)
	}
}

// Fail ends the specimen with a message and exit code 1.
func (s *Stage) Fail(format string, values ...any) {
	s.end(1, fmt.Sprintf(format, values...))
}

func (s *Stage) end(code int, why string) {
	s.mutex.Lock() // never given back: whoever comes second waits for the exit
	for _, clean := range s.atEnd {
		clean()
	}
	fmt.Fprintf(os.Stderr, "%s: %s\n", filepath.Base(os.Args[0]), why)
	os.Exit(code)
}

func (s *Stage) keepBounds(lifetime time.Duration, maxLeak int) {
	asked := make(chan os.Signal, 1)
	signal.Notify(asked, syscall.SIGTERM, syscall.SIGINT)
	over := time.After(lifetime)
	look := time.NewTicker(200 * time.Millisecond)
	limit := ResidentBytes() + maxLeak
	for {
		select {
		case signal := <-asked:
			s.end(0, "ended by "+signal.String())
		case <-over:
			s.end(0, fmt.Sprintf("ended after %v (-for)", lifetime))
		case <-look.C:
			if ResidentBytes()+int(s.outside.Load()) > limit {
				s.end(0, fmt.Sprintf("ended after growing by %d MiB (-max-leak)", maxLeak/MiB))
			}
		}
	}
}

func (s *Stage) endWithInput() {
	io.Copy(io.Discard, os.Stdin)
	s.end(0, "ended with its standard input (-attached)")
}

// ResidentBytes is this process's RSS: the second field of /proc/self/statm, in pages (proc_pid_statm(5)).
func ResidentBytes() int {
	var pages, resident int
	file, err := os.Open("/proc/self/statm")
	if err != nil {
		return 0
	}
	defer file.Close()
	if _, err := fmt.Fscan(file, &pages, &resident); err != nil {
		return 0
	}
	return resident * os.Getpagesize()
}

func (s *Stage) servePprof(address string) {
	listener, err := net.Listen("tcp", address)
	s.Must(err)
	mux := http.NewServeMux()
	mux.HandleFunc("/debug/pprof/", pprof.Index)
	mux.HandleFunc("/debug/pprof/cmdline", pprof.Cmdline)
	mux.HandleFunc("/debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("/debug/pprof/symbol", pprof.Symbol)
	mux.HandleFunc("/debug/pprof/trace", pprof.Trace)
	s.pprof = "http://" + listener.Addr().String() + "/debug/pprof"
	go func() { s.Must(http.Serve(listener, mux)) }()
}
