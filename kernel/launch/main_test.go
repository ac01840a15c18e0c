package launch

import (
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"
)

// asCell is the first argument of this binary when it is a cell's program.
const asCell = "as-cell"

// TestMain plays the parts of package launch by argv[0], as the command does, and those of cells.
func TestMain(m *testing.M) {
	switch name := filepath.Base(os.Args[0]); {
	case len(os.Args) > 1 && os.Args[1] == asCell:
		play(os.Args[2], os.Args[3:])
	case name == "go":
		os.Exit(Go(os.Args[1:]))
	case name == "gopls":
		os.Exit(Gopls(os.Args[1:]))
	case name == GuardName:
		os.Exit(Guard(os.Args[1:]))
	case IsCell(os.Args[0]):
		os.Exit(Cell(os.Args[0], os.Args[1:]))
	default:
		os.Exit(m.Run())
	}
}

// play is what cells do in tests.
func play(what string, args []string) {
	n := 0
	if len(args) > 0 {
		n, _ = strconv.Atoi(args[0]) // not all arguments are numbers
	}
	switch what {
	case "exit":
		os.Exit(n)
	case "panic":
		panic(args[0])
	case "signal":
		_ = syscall.Kill(os.Getpid(), syscall.Signal(n))
		select {}
	case "work":
		memory := make([]byte, n)
		for i := 0; i < n; i += os.Getpagesize() {
			memory[i]++
		}
		for start := time.Now(); time.Since(start) < 100*time.Millisecond; {
		}
	case "environ":
		for _, name := range args {
			value, ok := os.LookupEnv(name)
			fmt.Printf("%s=%s %t\n", name, value, ok)
		}
	case "shown":
		f := os.NewFile(3, "shown")
		for _, mime := range args {
			fmt.Fprintf(f, "%s\x00\x05\x00\x00\x00value", mime)
		}
	case "shell":
		cmd := exec.Command("/bin/sh", "-c", args[0])
		cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
		if err := cmd.Run(); err != nil {
			os.Exit(1)
		}
	default:
		playSignals(what)
	}
}

func playSignals(what string) {
	signals := make(chan os.Signal, 1)
	switch what {
	case "sleep":
		fmt.Println("ready")
		time.Sleep(time.Hour)
	case "ignore":
		signal.Ignore(os.Interrupt)
		fmt.Println("ready")
		time.Sleep(time.Hour)
	case "save":
		signal.Notify(signals, os.Interrupt)
		fmt.Println("ready")
		<-signals
		fmt.Println("saved")
	}
}
