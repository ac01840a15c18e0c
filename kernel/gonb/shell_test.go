package gonb

import (
	"fmt"
	"testing"
)

// What commands and scripts become.
func TestShell(t *testing.T) {
	for code, want := range map[string]string{
		"!ls":                      "!<ls false>",
		"!  ls -l\nfmt.Println(1)": "!<ls -l false>\nfunc main() { flag.Parse(); fmt.Println(1)\n}",
		"//gonb:!ls":               "!<ls false>",
		"!*go list":                "!*<go list false>",
		"!a \\\n  b \\\n c\n!d":    "!<a    b   c false>\n     \n  \n!<d false>",
		"%env A 1\n!echo $A":       "%env A \"1\"\n!<echo $A true>",
		"%args -n\n!echo":          "%args -n\n!<echo false>",
		"%with_inputs\n!cat":       "            \n!<cat false>",
		"%with_password\n!cat":     "              \n!<cat false>",
		"%%bash\n!x":               "%%script \"/run\" bash\n!x",
		"%%sh\nx":                  "%%script \"/run\" sh\nx",
		"%%script python3 -u\nx":   "%%script \"/run\" python3 -u\nx",
		"%%script\nx":              "%%script\nx",
		"%%writefile a\nx":         "%%writefile a\nx",
	} {
		s := NewSession()
		s.Shell = func(command string, after bool) string { return fmt.Sprintf("<%s %t>", command, after) }
		s.Script = func() string { return "/run" }
		r, err := s.Rewrite(code)
		if err != nil {
			t.Errorf("%q: %v", code, err)
		}
		if r.Code != want {
			t.Errorf("%q became\n%q, want\n%q", code, r.Code, want)
		}
	}
}
