package spawnlite

/*
#include <spawn.h>
#include <stdlib.h>
#include <sys/wait.h>
*/
import "C"

import (
	"fmt"
	"os"
	"syscall"
	"unsafe"
)

// Command is a program and its arguments.
type Command struct {
	Path  string
	Args  []string
	Env   []string
	Group bool
}

// Process is a program that runs.
type Process struct {
	pid C.pid_t
}

func attributes(group bool) (*C.posix_spawnattr_t, error) {
	attr := (*C.posix_spawnattr_t)(C.malloc(C.sizeof_posix_spawnattr_t))
	if rc := C.posix_spawnattr_init(attr); rc != 0 {
		C.free(unsafe.Pointer(attr))
		return nil, syscall.Errno(rc)
	}
	if group {
		C.posix_spawnattr_setflags(attr, C.POSIX_SPAWN_SETPGROUP)
		C.posix_spawnattr_setpgroup(attr, 0)
	}
	return attr, nil
}

// Start runs the command.
func Start(c Command) (*Process, error) {
	env := c.Env
	if env == nil {
		env = os.Environ()
	}
	attr, err := attributes(c.Group)
	if err != nil {
		return nil, err
	}
	path := C.CString(c.Path)
	argv, freeArgs := vector(append([]string{c.Path}, c.Args...))
	envp, freeEnv := vector(env)
	defer func() {
		freeEnv()
		freeArgs()
		C.free(unsafe.Pointer(path))
		C.posix_spawnattr_destroy(attr)
		C.free(unsafe.Pointer(attr))
	}()
	p := new(Process)
	if rc := C.posix_spawn(&p.pid, path, nil, attr, argv, envp); rc != 0 {
		return nil, fmt.Errorf("spawn %s: %w", c.Path, syscall.Errno(rc))
	}
	return p, nil
}

// Wait waits for the end and returns the status.
func (p *Process) Wait() (int, error) {
	var status C.int
	if _, err := C.waitpid(p.pid, &status, 0); err != nil {
		return 0, err
	}
	return syscall.WaitStatus(status).ExitStatus(), nil
}
