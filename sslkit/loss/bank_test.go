package loss_test

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/gomlx/gomlx/pkg/core/dtypes"
	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gomlx/gomlx/pkg/core/tensors"
	"github.com/gossl/gossl/sslkit/internal/testkit"
	"github.com/gossl/gossl/sslkit/loss"
	"github.com/gossl/gossl/sslkit/op"
)

var _ = golden("ntxent_bank_", []string{"bank"}, bankCase)
var _ = golden("moco_symmetric_", []string{"bank"}, mocoCase)

func position(c goldenLoss, in nodes) *graph.Node {
	return graph.Const(in["bank"].Graph(), int32(c.Params.PtrBefore))
}

func bankCase(c goldenLoss, in nodes) nodes {
	bank, at := in["bank"], position(c, in)
	value := loss.NTXentBank(in["q"], in["k"], bank, c.Params.Temperature)
	if c.Params.Enqueue {
		bank, at = loss.Enqueue(bank, at, op.Normalize(in["k"]))
	}
	return nodes{"loss": value, "bank_after": bank, "ptr_after": at}
}

// mocoCase is MoCo on both orders of two views: the first keys go into the bank
// between the halves, or after both of them.
func mocoCase(c goldenLoss, in nodes) nodes {
	bank, at := in["bank"], position(c, in)
	first := loss.NTXentBank(in["q0"], in["k1"], bank, c.Params.Temperature)
	seen := bank
	bank, at = loss.Enqueue(bank, at, op.Normalize(in["k1"]))
	if strings.Contains(c.Name, "_between_") {
		seen = bank
	}
	second := loss.NTXentBank(in["q1"], in["k0"], seen, c.Params.Temperature)
	bank, at = loss.Enqueue(bank, at, op.Normalize(in["k0"]))
	return nodes{"loss": mean(first, second), "loss_first_half": first, "loss_second_half": second, "bank_after": bank, "ptr_after": at}
}

// slowNTXentBank is equation 1 of MoCo's paper for every query:
// −log( exp(q·k₊/τ) / (exp(q·k₊/τ) + Σ exp(q·bank_j/τ)) ).
func slowNTXentBank(temperature float64) oracle {
	return func(in []testkit.Array) float64 {
		q, k, bank := in[0], in[1], in[2]
		sum := 0.0
		for i := range q.Shape[0] {
			positive := math.Exp(cosine(row(q, i), row(k, i)) / temperature)
			denominator := positive
			for j := range bank.Shape[0] {
				denominator += math.Exp(dot(row(q, i), row(bank, j)) / testkit.Norm(row(q, i)) / temperature)
			}
			sum -= math.Log(positive / denominator)
		}
		return sum / float64(q.Shape[0])
	}
}

func ntXentBank(temperature float64) func(in []*graph.Node) *graph.Node {
	return func(in []*graph.Node) *graph.Node { return loss.NTXentBank(in[0], in[1], in[2], temperature) }
}

func TestNTXentBankEqualsThePaper(t *testing.T) {
	for _, c := range []struct {
		batch, dim, size int
		temperature      float64
	}{{1, 3, 1, 0.5}, {4, 3, 7, 0.2}, {5, 2, 2, 1}, {3, 8, 20, 0.07}} {
		t.Run(fmt.Sprint(c), func(t *testing.T) {
			equalsOracle(t, 3, ntXentBank(c.temperature), slowNTXentBank(c.temperature),
				matrix(60, c.batch, c.dim), matrix(61, c.batch, c.dim), unitRows(62, c.size, c.dim))
		})
	}
}

// TestNTXentBankLimits checks ln(size+1) where all rows are equal, and 0 where
// the key is all that is near, at a temperature that overflows a plain exp.
func TestNTXentBankLimits(t *testing.T) {
	z, bank := filled(2, 3, 4), filled(0.5, 9, 4)
	testkit.NearScalar(t, "all rows equal", scalar(t, ntXentBank(0.01), z, z, bank), math.Log(10), 1e-12)
	opposite := filled(-0.5, 9, 4)
	testkit.Within(t, "bank far away", []float64{scalar(t, ntXentBank(0.001), z, z, opposite)}, []float64{0}, 1e-12)
}

func TestNTXentBankPanics(t *testing.T) {
	panics(t, map[string]func(g *graph.Graph){
		"NTXentBank: q has shape":    func(g *graph.Graph) { loss.NTXentBank(zeros(g, 2, 3), zeros(g, 2, 4), zeros(g, 5, 3), 0.1) },
		"NTXentBank: bank has shape": func(g *graph.Graph) { loss.NTXentBank(zeros(g, 2, 3), zeros(g, 2, 3), zeros(g, 5, 4), 0.1) },
		"NTXentBank: temperature 0":  func(g *graph.Graph) { loss.NTXentBank(zeros(g, 2, 3), zeros(g, 2, 3), zeros(g, 5, 3), 0) },
	})
}

// slowEnqueue writes key after key, until the bank ends.
func slowEnqueue(bank testkit.Array, position int, keys testkit.Array) (after []float64, next int) {
	dim := bank.Shape[1]
	after = append(after, bank.Data...)
	for i := range keys.Shape[0] {
		if position+i < bank.Shape[0] {
			copy(after[(position+i)*dim:], row(keys, i))
		}
	}
	if next = position + keys.Shape[0]; next >= bank.Shape[0] {
		next = 0
	}
	return after, next
}

// TestEnqueue goes through positions for batches that divide the size, that do
// not, and that are larger than the bank.
func TestEnqueue(t *testing.T) {
	const size, dim = 6, 3
	for _, n := range []int{1, 2, 4, 6, 9} {
		exec, err := graph.NewExec(testkit.Any(t).Backend, func(bank, position, keys *graph.Node) (*graph.Node, *graph.Node) {
			return loss.Enqueue(bank, position, keys)
		})
		if err != nil {
			t.Fatal(err)
		}
		keys := matrix(70+n, n, dim)
		for position := range size {
			bank := matrix(80, size, dim)
			want, wantNext := slowEnqueue(bank, position, keys)
			for _, at := range []any{int32(position), int64(position), float32(position), float64(position)} {
				out, err := exec.Exec(bank.Tensor(dtypes.Float64), tensors.FromAnyValue(at), keys.Tensor(dtypes.Float64))
				if err != nil {
					t.Fatalf("%+v", err)
				}
				what := fmt.Sprintf("%d keys at %T %d", n, at, position)
				testkit.Within(t, what, testkit.Values(t, out[0]), want, 0)
				if out[1].DType() != dtypes.FromAny(at) || fmt.Sprint(out[1].Value()) != fmt.Sprint(wantNext) {
					t.Errorf("%s: next position %s %v, want %d", what, out[1].DType(), out[1].Value(), wantNext)
				}
			}
		}
		exec.Finalize()
	}
}

// TestEnqueueStopsGradients checks that no gradient reaches the keys through the
// bank, and that keys are stored in the bank's type.
func TestEnqueueStopsGradients(t *testing.T) {
	q, keys, bank := matrix(90, 4, 3), matrix(91, 4, 3), unitRows(92, 6, 3)
	_, gradients := withGradients(t, 2, func(in []*graph.Node) *graph.Node {
		after, _ := loss.Enqueue(in[2], graph.Const(in[2].Graph(), int32(1)), in[1])
		return loss.NTXentBank(in[0], in[0], after, 0.1)
	}, q, keys, bank)
	testkit.Within(t, "gradient of the keys", gradients[1], make([]float64, len(keys.Data)), 0)
	testkit.Run(t, testkit.Any(t), func(in []*graph.Node) []*graph.Node {
		after, _ := loss.Enqueue(in[1], graph.Const(in[1].Graph(), int32(1)), graph.ConvertDType(in[0], dtypes.BFloat16))
		if after.DType() != dtypes.Float32 {
			t.Errorf("bank of type %s, want float32", after.DType())
		}
		return []*graph.Node{after}
	}, keys.Tensor(dtypes.Float32), bank.Tensor(dtypes.Float32))
}

func TestEnqueuePanics(t *testing.T) {
	panics(t, map[string]func(g *graph.Graph){
		"Enqueue: bank has shape":     func(g *graph.Graph) { loss.Enqueue(zeros(g, 6), zeros(g), zeros(g, 2, 3)) },
		"Enqueue: keys has shape":     func(g *graph.Graph) { loss.Enqueue(zeros(g, 6, 3), zeros(g), zeros(g, 3)) },
		"want a matrix of 4 columns":  func(g *graph.Graph) { loss.Enqueue(zeros(g, 6, 3), zeros(g), zeros(g, 2, 4)) },
		"Enqueue: position has shape": func(g *graph.Graph) { loss.Enqueue(zeros(g, 6, 3), zeros(g, 1), zeros(g, 2, 3)) },
	})
}
