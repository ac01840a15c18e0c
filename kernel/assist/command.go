package assist

import (
	"fmt"
	"go/token"
	"strings"

	"github.com/gossl/gossl/kernel/gonb"
)

// completeCommand completes one of GoNB's commands, or the name that it takes. before is
// the part of it that lies before the cursor.
func completeCommand(before string, remembered func() []declaration) (prefix string, candidates []candidate) {
	name, rest, arguments := strings.Cut(before, " ")
	if !arguments {
		for _, c := range gonb.Commands {
			if c.Meaning != "" {
				candidates = append(candidates, candidate{Text: c.Name, Type: "magic", Signature: c.Usage()})
			}
		}
		return before, candidates
	}
	command, _ := gonb.CommandOf(name)
	functions := command.Takes == gonb.TakesFunction
	if command.Takes == gonb.TakesNone || functions && strings.Contains(rest, " ") {
		return "", nil
	}
	for _, d := range remembered() {
		if !functions || d.Kind == token.FUNC && !d.Method() {
			candidates = append(candidates, candidate{Text: d.key, Type: jupyterKinds[d.Kind]})
		}
	}
	return rest[strings.LastIndex(rest, " ")+1:], candidates
}

// jupyterKinds are Jupyter's words for kinds of declarations.
var jupyterKinds = map[token.Token]string{token.FUNC: "function", token.TYPE: "class", token.VAR: "instance", token.CONST: "instance"}

// explainCommand describes a command.
func explainCommand(command string) (markdown, plain string, found bool) {
	if c, ok := gonb.CommandOf(command); ok && c.Meaning != "" {
		return fmt.Sprintf("```\n%s\n```\n\n%s", c.Usage(), strings.ReplaceAll(c.Meaning, "*", `\*`)), c.Usage() + "\n\n" + c.Meaning, true
	}
	return "", "", false
}
