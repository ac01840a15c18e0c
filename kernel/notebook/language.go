package notebook

import "strings"

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
