// Package spec writes the kernelspec by which Jupyter finds and starts the sslkit kernel.
package spec

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/gossl/gossl/kernel/install/home"
)

// Name, Display and Language are how Jupyter and notebooks name the kernel; Program starts it.
const (
	Name     = "sslkit"
	Display  = "Go (" + Name + ")"
	Language = "go"
	Program  = "sslkit-kernel"
)

const goWork = "--go-work"

// Spec is the content of kernel.json.
type Spec struct {
	Argv          []string          `json:"argv"`
	DisplayName   string            `json:"display_name"`
	Language      string            `json:"language"`
	InterruptMode string            `json:"interrupt_mode"`
	Env           map[string]string `json:"env"`
}

// New describes the kernel of a checkout: cells are built in a workspace that holds the checkout, so that its packages
// can be imported by a notebook in any directory. Its name tells kernels apart where people choose one.
func New(h home.Home, repo, name string) (Spec, error) {
	env, err := h.KernelEnv()
	if err != nil {
		return Spec{}, fmt.Errorf("spec: %w", err)
	}
	env["GOWORK"] = ""            // GoNB's own go.work, whatever the user has set
	env["SSLKIT_CHECKOUT"] = repo // for programs that note which commit they are
	return Spec{
		Argv:          []string{h.Bin(Program), "launch", goWork, repo, "{connection_file}"},
		DisplayName:   "Go (" + name + ")",
		Language:      Language,
		InterruptMode: "message",
		Env:           env,
	}, nil
}

// Read reads the kernelspec in a folder. Without one the error is an [os.ErrNotExist].
func Read(dir string) (Spec, error) {
	content, err := os.ReadFile(file(dir))
	if err != nil {
		return Spec{}, fmt.Errorf("spec: %w", err)
	}
	var s Spec
	if err := json.Unmarshal(content, &s); err != nil {
		return Spec{}, fmt.Errorf("spec: %s: %w", file(dir), err)
	}
	if len(s.Argv) == 0 {
		return Spec{}, fmt.Errorf("spec: %s: argv is empty, want a program and its arguments", file(dir))
	}
	return s, nil
}

// Ours says whether the kernelspec starts an sslkit kernel. Earlier ones started GoNB itself.
func (s Spec) Ours() bool {
	return len(s.Argv) > 0 && filepath.Base(s.Argv[0]) == Program || s.Env["SSLKIT_HOME"] != ""
}

// Repo is the checkout that the kernel serves; "" if the kernelspec names none.
func (s Spec) Repo() string {
	if i := slices.Index(s.Argv, goWork); i >= 0 && i+1 < len(s.Argv) {
		return s.Argv[i+1]
	}
	return ""
}

func (s Spec) encode() ([]byte, error) {
	content, err := json.MarshalIndent(s, "", " ")
	if err != nil {
		return nil, fmt.Errorf("spec: %w", err)
	}
	return append(content, '\n'), nil
}

func file(dir string) string { return filepath.Join(dir, "kernel.json") }
