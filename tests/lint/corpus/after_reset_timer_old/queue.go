package queue

import "time"

type Msg struct {
	Key  string
	Body []byte
}

func Consume(in <-chan Msg, quit <-chan struct{}, each func(Msg), idle func()) {
	const patience = 2 * time.Minute
	timer := time.NewTimer(patience)
	defer timer.Stop()
	for {
		if !timer.Stop() {
			select {
			case <-timer.C:
			default:
			}
		}
		timer.Reset(patience)
		select {
		case m := <-in:
			each(m)
		case <-timer.C:
			idle()
		case <-quit:
			return
		}
	}
}
