package poll

import (
	"errors"
	"time"
)

type Job interface {
	Status() (string, error)
}

var ErrFailed = errors.New("poll: job failed")

// Until polls a job until it is done.
func Until(j Job, every time.Duration) error {
	t := time.NewTicker(every)
	for range t.C {
		status, err := j.Status()
		if err != nil {
			return err
		}
		switch status {
		case "done":
			t.Stop()
			return nil
		case "failed":
			t.Stop()
			return ErrFailed
		}
	}
	return nil
}
