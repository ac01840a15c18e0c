package conformance

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gossl/gossl/kernel/install/home"
	"github.com/gossl/gossl/kernel/wire"
)

const xlaCell = `
import (
	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gossl/gossl/sslkit/device"
)

%%%%
d, err := device.Open(device.Auto)
if err != nil {
	log.Fatal(err)
}
fmt.Println(graph.MustExecOnce(d.Backend, func(x *graph.Node) *graph.Node { return graph.MatMul(x, x) }, [][]float32{{1, %d}, {3, 4}}))`

// BenchmarkCell times a cell from the request to idle, through the front and with
// stock GoNB, in turn: front-ms and stock-ms are medians, added-ms is the median
// of the differences.
func BenchmarkCell(b *testing.B) {
	for _, c := range []struct{ name, code string }{
		{"unchanged", "%%%%\nfmt.Println(1) // %.0d"},
		{"changed", "%%%%\nfmt.Println(%d)"},
		{"xla", xlaCell},
		{"command", "!true %d"},
	} {
		b.Run("cell="+c.name, func(b *testing.B) {
			front, stock := command(b), command(b)
			h := home.Find()
			repo, err := filepath.Abs("../..")
			if err != nil {
				b.Fatal(err)
			}
			stock.Argv = []string{h.Bin("gonb"), "--raw_error", "--kernel", wire.ConnectionFile, "--go_work=" + repo}
			kernels := []*wire.Client{startClient(b, front), startClient(b, stock)}
			defer kernels[0].Close()
			defer kernels[1].Close()
			n := 0
			once := func() (took [2]float64) {
				n++
				for i, k := range kernels {
					begin := time.Now()
					code := fmt.Sprintf(c.code, n)
					if c.name == "unchanged" {
						code = fmt.Sprintf(c.code, 0)
					}
					reply, err := k.Execute(b.Context(), code, nil)
					if err != nil {
						b.Fatal(err)
					}
					if !strings.Contains(string(reply.Content), `"ok"`) {
						b.Fatalf("%s", reply.Content)
					}
					took[i] = 1000 * time.Since(begin).Seconds()
				}
				return took
			}
			once()
			var times [3][]float64
			for b.Loop() {
				took := once()
				for i, value := range []float64{took[0], took[1], took[0] - took[1]} {
					times[i] = append(times[i], value)
				}
			}
			b.ReportMetric(0, "ns/op")
			for i, name := range []string{"front-ms", "stock-ms", "added-ms"} {
				slices.Sort(times[i])
				b.ReportMetric(times[i][len(times[i])/2], name)
			}
		})
	}
}
