// Package notebook reads and writes Jupyter notebooks and makes them from literate Go sources.
package notebook

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/gossl/gossl/kernel/gonb"
)

// Cell types.
const (
	Code     = "code"
	Markdown = "markdown"
)

// Notebook is the part of a Jupyter notebook that sslkit reads and writes.
type Notebook struct {
	Cells       []Cell   `json:"cells"`
	Metadata    Metadata `json:"metadata"`
	Format      int      `json:"nbformat"`
	FormatMinor int      `json:"nbformat_minor"`
}

// Metadata names the kernel that a notebook is for.
type Metadata struct {
	KernelSpec struct {
		DisplayName string `json:"display_name"`
		Language    string `json:"language"`
		Name        string `json:"name"`
	} `json:"kernelspec"`
	LanguageInfo Language `json:"language_info"`
}

// Language is what tools know of a notebook's language: how to colour it, and what
// to call it elsewhere.
type Language struct {
	CodeMirrorMode    string `json:"codemirror_mode,omitempty"`
	FileExtension     string `json:"file_extension,omitempty"`
	MIMEType          string `json:"mimetype,omitempty"`
	Name              string `json:"name"`
	NBConvertExporter string `json:"nbconvert_exporter,omitempty"`
	PygmentsLexer     string `json:"pygments_lexer,omitempty"`
	Version           string `json:"version,omitempty"`
}

// Go is the language of sslkit's notebooks. They do not depend on its version.
var Go = Language{
	CodeMirrorMode: "go", FileExtension: ".go", MIMEType: "text/x-go", Name: "go",
	NBConvertExporter: "script", PygmentsLexer: "go",
}

// Cell is one cell, without outputs.
type Cell struct {
	Type   string
	ID     string
	Source string
	Tags   []string
}

// New returns a notebook of cells for the kernel of the given name. It names cells by their place: the same cells make the
// same file.
func New(kernel, display, language string, cells []Cell) Notebook {
	n := Notebook{Cells: slices.Clone(cells), Format: 4, FormatMinor: 5}
	for i := range n.Cells {
		n.Cells[i].ID = fmt.Sprintf("cell-%02d", i+1)
	}
	n.Metadata.KernelSpec.Name = kernel
	n.Metadata.KernelSpec.DisplayName = display
	n.Metadata.KernelSpec.Language = language
	n.Metadata.LanguageInfo = Language{Name: language}
	if language == Go.Name {
		n.Metadata.LanguageInfo = Go
	}
	return n
}

// Read reads a notebook file.
func Read(name string) (Notebook, error) {
	content, err := os.ReadFile(name)
	if err != nil {
		return Notebook{}, err
	}
	n, err := parse(content)
	if err != nil {
		return Notebook{}, fmt.Errorf("%s: %w", name, err)
	}
	return n, nil
}

// Encode returns the notebook as Jupyter writes it.
func (n Notebook) Encode() ([]byte, error) {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", " ")
	err := encoder.Encode(n)
	return out.Bytes(), err
}

// Title is what a person calls a cell: the heading of the text above a code cell, or else its first line of code.
func (n Notebook) Title(cell int) string {
	if cell > 0 && n.Cells[cell-1].Type == Markdown {
		for line := range strings.Lines(n.Cells[cell-1].Source) {
			if title := strings.TrimLeft(line, "#"); title != line && strings.HasPrefix(title, " ") {
				return strings.TrimSpace(title)
			}
		}
	}
	first := ""
	for line := range strings.Lines(n.Cells[cell].Source) {
		line = strings.TrimSpace(line)
		if call, ok := gonb.Exec(line); ok {
			return call
		}
		if first == "" && line != "" && !strings.HasPrefix(line, "//") {
			first = strings.TrimRight(line, " ({")
		}
	}
	return first
}

// Runs says whether a cell is one that a kernel executes.
func (c Cell) Runs() bool { return c.Type == Code && strings.TrimSpace(c.Source) != "" }

// HasTag says whether a cell carries a tag.
func (c Cell) HasTag(tag string) bool { return slices.Contains(c.Tags, tag) }

// cellJSON is a cell in a file. Only code cells have an execution count and outputs: null and [] before they ran.
type cellJSON struct {
	Type           string          `json:"cell_type"`
	ExecutionCount json.RawMessage `json:"execution_count,omitempty"`
	ID             string          `json:"id"`
	Metadata       cellMetadata    `json:"metadata"`
	Outputs        json.RawMessage `json:"outputs,omitempty"`
	Source         multiline       `json:"source"`
}

type cellMetadata struct {
	Tags []string `json:"tags,omitempty"`
}

// MarshalJSON writes a cell without outputs.
func (c Cell) MarshalJSON() ([]byte, error) {
	v := cellJSON{Type: c.Type, ID: c.ID, Metadata: cellMetadata{c.Tags}, Source: multiline(c.Source)}
	if c.Type == Code {
		v.ExecutionCount, v.Outputs = json.RawMessage("null"), json.RawMessage("[]")
	}
	return encode(v)
}

// UnmarshalJSON reads a cell and leaves its outputs out.
func (c *Cell) UnmarshalJSON(content []byte) error {
	var v cellJSON
	if err := json.Unmarshal(content, &v); err != nil {
		return err
	}
	*c = Cell{Type: v.Type, ID: v.ID, Source: string(v.Source), Tags: v.Metadata.Tags}
	return nil
}

// multiline is text that a notebook holds as a list of lines, or as one string.
type multiline string

func (m multiline) MarshalJSON() ([]byte, error) {
	return encode(slices.AppendSeq([]string{}, strings.Lines(string(m))))
}

func (m *multiline) UnmarshalJSON(content []byte) error {
	var text string
	if json.Unmarshal(content, &text) == nil {
		*m = multiline(text)
		return nil
	}
	var lines []string
	if err := json.Unmarshal(content, &lines); err != nil {
		return err
	}
	*m = multiline(strings.Join(lines, ""))
	return nil
}

// encode is json.Marshal that leaves <, > and & as they are.
func encode(v any) ([]byte, error) {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(v)
	return out.Bytes(), err
}

// pythons begin the names of Python's kernels, which say so even where the language is missing.
const pythons = "python"

// Other returns the language of a notebook that is not Go, as the notebook calls it; "" for one in Go, or
// one that does not say. What its kernel speaks counts more than what executed it last.
func (n Notebook) Other() string {
	language := n.Metadata.KernelSpec.Language
	if name := strings.ToLower(n.Metadata.KernelSpec.Name); language == "" && strings.HasPrefix(name, pythons) {
		language = pythons
	}
	if language == "" {
		language = n.Metadata.LanguageInfo.Name
	}
	if strings.EqualFold(language, Go.Name) || strings.EqualFold(language, "golang") {
		return ""
	}
	return language
}
