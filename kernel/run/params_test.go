package run

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gossl/gossl/kernel/notebook"
)

// declared is a cell with every way to declare a parameter.
const declared = `import "time"

// How long to train.
var epochs = 10 // of 500 steps
var rate, seed = 0.1, int64(7)
const (
	method = "simclr"
	wait time.Duration = time.Minute
	first, second = iota, "x"
	third, fourth
)
var (
	data string
	sizes []int
	a, b = pair()
)
%env EPOCHS=10
type plan struct{ epochs int }

func pair() (int, int) { epochs := 1; return epochs, 2 }

%% -verbose
var local = 3
`

func TestParameters(t *testing.T) {
	tests := []struct {
		param, old, new string
	}{
		{"epochs=3", "epochs = 10 //", "epochs = 3 //"},
		{"epochs=2 * 4 // many", "epochs = 10 //", "epochs = 2 * 4 //"},
		{"rate=1e-3", "0.1, int64(7)", "1e-3, int64(7)"},
		{"seed=int64(-1)", "0.1, int64(7)", "0.1, int64(-1)"},
		{"method=vicreg", `"simclr"`, `"vicreg"`},
		{"method=", `"simclr"`, `""`},
		{`method=say "a=b"`, `"simclr"`, `"say \"a=b\""`},
		{`method="quoted"`, `"simclr"`, `"quoted"`},
		{"wait=10 * time.Second", "= time.Minute", "= 10 * time.Second"},
		{"second=y", `"x"`, `"y"`},
		{"data=/tmp/images", "data string", `data string = "/tmp/images"`},
		{"sizes=[]int{1, 2}", "sizes []int", "sizes []int = []int{1, 2}"},
	}
	for _, test := range tests {
		t.Run(test.param, func(t *testing.T) {
			d := document(t, "var epochs = 1", declared)
			if err := setParameters(d, []string{test.param}); err != nil {
				t.Fatal(err)
			}
			want := strings.Replace(declared, test.old, test.new, 1)
			if diff := cmp.Diff(want, d.Notebook.Cells[1].Source); diff != "" {
				t.Errorf("cell (-want +got):\n%s", diff)
			}
			if got := d.Notebook.Cells[0].Source; got != "var epochs = 1" {
				t.Errorf("the cell without the tag became %s", got)
			}
		})
	}
}

func TestParametersAreCumulative(t *testing.T) {
	d := document(t, "", "var a = 1\nvar b = 2\nprint(a +")
	if err := setParameters(d, []string{"a=100", "b=200", "a=300"}); err != nil {
		t.Fatal(err)
	}
	if got, want := d.Notebook.Cells[1].Source, "var a = 300\nvar b = 200\nprint(a +"; got != want {
		t.Errorf("cell %q, want %q", got, want)
	}
}

func TestParameterErrors(t *testing.T) {
	tests := []struct {
		param, want string
	}{
		{"epochs", `parameter "epochs", want name=value`},
		{"=3", `parameter "=3", want name=value`},
		{"plan.epochs=3", "want name=value"},
		{"epoch=3", "parameter epoch=3: the cells with the tag \"parameters\" declare no epoch at the top level; they declare a, b, data, epochs, first, fourth, method"},
		{"local=3", "declare no local"},
		{"plan=3", "declare no plan"},
		{"epochs=3 +", "parameter epochs=3 +: want a Go expression"},
		{"epochs=3; panic(1)", "want a Go expression"},
		{"epochs=", "want a Go expression"},
		{"a=3", "its declaration gives it no value of its own, want one like: var a = value"},
		{"third=3", "no value of its own"},
	}
	for _, test := range tests {
		err := setParameters(document(t, "", declared), []string{test.param})
		if err == nil || !strings.HasPrefix(err.Error(), "run: ") || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: error %v, want %s", test.param, err, test.want)
		}
	}
	d := document(t, "", "")
	d.Notebook.Cells[1].Tags = nil
	if err := setParameters(d, []string{"a=1"}); err == nil || !strings.Contains(err.Error(), `no code cell has the tag "parameters"`) {
		t.Errorf("no tag: error %v", err)
	}
}

// document is a notebook whose second cell has the tag.
func document(t *testing.T, sources ...string) *notebook.Document {
	t.Helper()
	name := write(t, sources...)
	tag(t, name, 1, ParametersTag)
	d, err := notebook.ReadDocument(name)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// TestRunWithParameters executes cells with other values, and writes them.
func TestRunWithParameters(t *testing.T) {
	o := Options{
		Notebook: write(t, "print a", "var text = `\nprint old\n`"), Params: []string{"text=\nprint new\n"},
		Output: filepath.Join(t.TempDir(), "executed.ipynb"), AllowErrors: true,
	}
	tag(t, o.Notebook, 1, ParametersTag)
	if err := Run(t.Context(), fakeHome(t), o, screen(t)); err != nil {
		t.Fatal(err)
	}
	if got, want := read(t, o.Output), `var text = \"\\nprint new\\n\"`; !strings.Contains(got, want) {
		t.Errorf("executed notebook, want the new value %s in it:\n%s", want, got)
	}
	if strings.Contains(read(t, o.Notebook), "new") {
		t.Error("the notebook itself was changed")
	}
}
