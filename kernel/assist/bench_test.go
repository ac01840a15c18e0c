package assist

import (
	"testing"
)

// BenchmarkFirst is the time from Start to the first answer.
func BenchmarkFirst(b *testing.B) {
	gopls, env := installation(b)
	dir := gonbDir(b, env)
	for b.Loop() {
		a := Start(b.Context(), Options{Gopls: gopls, Dir: dir, Env: env})
		await(b, a)
		if !works(b, a) {
			b.Fatal(a.Err())
		}
		b.StopTimer()
		a.Close()
		b.StartTimer()
	}
}

// BenchmarkWarm is the time of an answer to a cell like the one before.
func BenchmarkWarm(b *testing.B) {
	a, _ := started(b)
	for name, marked := range map[string]string{
		"package":  "fmt.Pri‸",
		"result":   "r, err := recipe.Shapes(\"SimCLR\")\nr.‸",
		"name":     "dou‸",
		"unknown":  "recipe.‸",
		"imported": "import g \"github.com/gomlx/gomlx/pkg/core/graph\"\n\ng.Ad‸",
	} {
		code, cursor := cursorIn(b, marked)
		if got := a.Complete(timeout(b), code, cursor); len(got.Matches) == 0 {
			b.Fatalf("%s: no matches: %v", name, a.Err())
		}
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				a.Complete(b.Context(), code, cursor)
			}
		})
	}
	b.Run("inspect", func(b *testing.B) {
		for b.Loop() {
			a.Inspect(b.Context(), "fmt.Println(1)", 6, 0)
		}
	})
}

// BenchmarkChanged is the time of the first answer when the cell imports something new: gopls has to load it.
func BenchmarkChanged(b *testing.B) {
	a, _ := started(b)
	paths := []string{"os/user", "net/mail", "text/template", "encoding/hex", "container/list", "hash/crc32", "mime", "expvar"}
	i := 0
	for b.Loop() {
		code := "import x \"" + paths[i%len(paths)] + "\"\n\nx."
		if got := a.Complete(b.Context(), code, len(code)); len(got.Matches) == 0 {
			b.Fatalf("%s: no matches: %v", code, a.Err())
		}
		i++
	}
}
