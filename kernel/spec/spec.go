// Package spec writes the kernelspec by which Jupyter finds and starts the sslkit kernel.
package spec

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"github.com/gossl/gossl/kernel/home"
)

// Name and Display are how Jupyter and notebooks name the kernel.
const (
	Name     = "sslkit"
	Display  = "Go (sslkit)"
	Language = "go"
)

// Spec is the content of kernel.json.
type Spec struct {
	Argv          []string          `json:"argv"`
	DisplayName   string            `json:"display_name"`
	Language      string            `json:"language"`
	InterruptMode string            `json:"interrupt_mode"`
	Env           map[string]string `json:"env"`
}

// New describes the kernel of a checkout: GoNB in a workspace that holds the checkout, so that its packages can be
// imported by a notebook in any directory.
func New(h home.Home, repo string) (Spec, error) {
	env, err := h.Env()
	if err != nil {
		return Spec{}, err
	}
	env["GOWORK"] = "" // GoNB's own go.work, whatever the user has set
	return Spec{
		Argv:          []string{h.Bin("gonb"), "--kernel", "{connection_file}", "--raw_error", "--go_work=" + repo},
		DisplayName:   Display,
		Language:      Language,
		InterruptMode: "message",
		Env:           env,
	}, nil
}

// Installed says whether dir holds exactly this kernelspec.
func (s Spec) Installed(dir string) bool {
	want, err := s.encode()
	if err != nil {
		return false
	}
	have, err := os.ReadFile(file(dir))
	return err == nil && bytes.Equal(have, want)
}

// Install writes the kernelspec into dir.
func (s Spec) Install(dir string) error {
	content, err := s.encode()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	return home.WriteFile(file(dir), content)
}

func (s Spec) encode() ([]byte, error) {
	content, err := json.MarshalIndent(s, "", " ")
	if err != nil {
		return nil, fmt.Errorf("spec: %w", err)
	}
	return append(content, '\n'), nil
}

func file(dir string) string { return filepath.Join(dir, "kernel.json") }
