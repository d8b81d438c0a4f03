// Package answer lets a program tell the truth about itself: a command a line in, one line of JSON out.
//
// Between two commands nothing happens in the process that these programs can help: no allocation, no goroutine
// that wakes. What memstats says is therefore what somebody from outside has to find until the next command.
package answer

import (
	"fmt"
	"os"
	"reflect"
	"runtime"
	"runtime/pprof"
	"strconv"
	"strings"
	"syscall"
)

// Commands are a program's own, by name. What they return is put on one line.
type Commands map[string]func(argument string) string

var (
	stats  runtime.MemStats
	fields []string
	line   = make([]byte, 0, 1<<16)
	input  = make([]byte, 4096)
)

func init() {
	kind := reflect.TypeOf(stats)
	for i := 0; i < kind.NumField(); i++ {
		if kind.Field(i).Type.Kind() == reflect.Uint64 {
			fields = append(fields, kind.Field(i).Name)
		}
	}
}

// Ready prints the READY line and answers until standard input ends. It never returns.
func Ready(own Commands, facts ...string) {
	say(strings.Join(append([]string{"READY", fmt.Sprintf("pid=%d", os.Getpid())}, facts...), " "))
	for {
		count, err := syscall.Read(0, input)
		if err == syscall.EINTR {
			continue
		}
		if err != nil || count == 0 {
			os.Exit(0)
		}
		word, argument := split(input[:count])
		switch command := own[word]; {
		case word == "memstats":
			memstats()
		case word == "goroutines":
			say(profile("goroutine", argument, 2))
		case word == "heap":
			say(profile("heap", argument, 1))
		case word == "profile":
			say(profile("heap", argument, 0))
		case word == "collect":
			runtime.GC()
			say("{}")
		case command != nil:
			say(command(argument))
		default:
			say(`{"error": "no such command"}`)
		}
	}
}

func split(raw []byte) (string, string) {
	parts := strings.SplitN(strings.TrimSpace(string(raw)), " ", 2)
	return parts[0], strings.Join(parts[1:], " ")
}

// memstats allocates nothing after it has read them, so that they stay true.
func memstats() {
	value := reflect.ValueOf(&stats).Elem()
	var numbers [64]*uint64
	for i, name := range fields {
		numbers[i] = value.FieldByName(name).Addr().Interface().(*uint64)
	}
	line = line[:0]
	runtime.ReadMemStats(&stats)
	line = append(line, '{')
	for i, name := range fields {
		line = append(line, '"')
		line = append(line, name...)
		line = append(line, `":`...)
		line = strconv.AppendUint(line, *numbers[i], 10)
		line = append(line, ',')
	}
	line = append(line, `"NumGC":`...)
	line = strconv.AppendUint(line, uint64(stats.NumGC), 10)
	line = append(line, `,"NumGoroutine":`...)
	line = strconv.AppendUint(line, uint64(runtime.NumGoroutine()), 10)
	line = append(line, "}\n"...)
	write(line)
}

func profile(name, path string, debug int) string {
	file, err := os.Create(path)
	if err == nil {
		err = pprof.Lookup(name).WriteTo(file, debug)
	}
	if err == nil {
		err = file.Close()
	}
	if err != nil {
		return fmt.Sprintf(`{"error": %q}`, err.Error())
	}
	return "{}"
}

func say(text string) { write([]byte(text + "\n")) }

func write(text []byte) {
	for len(text) > 0 {
		count, err := syscall.Write(1, text)
		if err != nil && err != syscall.EINTR {
			os.Exit(1)
		}
		if count > 0 {
			text = text[count:]
		}
	}
}
