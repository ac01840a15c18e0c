package front

import "time"

// limits are how long things may take.
type limits struct {
	Start     time.Duration // GoNB, to answer its first request
	Echo      time.Duration // GoNB, to say something that it is asked for
	Parent    time.Duration // between two looks at whether Jupyter is there
	Flush     time.Duration // the last messages, to leave before the sockets close
	Interrupt time.Duration // a process, to end after SIGINT; the launcher has a shorter one of its own for the cell
	Terminate time.Duration // what was left running, to end after SIGTERM
	Quiet     time.Duration // a process that has printed the beginning of a crash, to print more: one that crashes has ended by then
	Fatal     time.Duration // the same for one that the runtime ends: it may have many frames to look at before it goes on
	Long      time.Duration // a cell, before its times are shown below it
}

// usual are the limits of a kernel.
var usual = limits{
	Start: 30 * time.Second, Echo: time.Second, Parent: time.Second, Flush: 50 * time.Millisecond,
	Interrupt: 5 * time.Second, Terminate: time.Second,
	Quiet: 250 * time.Millisecond, Fatal: time.Minute, Long: 5 * time.Second,
}
