package launch

import (
	"fmt"
	"strings"
)

// Shell returns a line for bash that runs a command, which reads the pipe stdin
// and writes to the front. If there is a gate, the command first waits for a line
// from there.
func Shell(command, stdin, gate string) string {
	wait := ""
	if gate != "" {
		wait = "read -r <" + Quote(gate) + "; "
	}
	return fmt.Sprintf("%sexec %s 0<%s; eval %s", wait, redirect, Quote(stdin), Quote(command))
}

// redirect has a command write to the front.
var redirect = fmt.Sprintf("1>&%d 2>&%d %d>&- %d>&-", StdoutFD, StderrFD, StdoutFD, StderrFD)

// Quote writes text for a shell as one word.
func Quote(text string) string { return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'" }

// ScriptName is the name of a script that runs its arguments as a command, which
// writes to the front; Script is its text.
const ScriptName = "sslkit-script"

var Script = "#!/bin/bash\nexec " + redirect + "\n" + `type -- "$1" >/dev/null 2>&1 || { echo "$1: command not found" >&2; exit 127; }
exec -- "$@"
`
