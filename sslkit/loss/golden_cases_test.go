package loss_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/gomlx/gomlx/pkg/core/dtypes"
	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gossl/gossl/sslkit/device"
	"github.com/gossl/gossl/sslkit/internal/testkit"
	"github.com/gossl/gossl/sslkit/loss"
	"github.com/gossl/gossl/sslkit/op"
)

// A builder computes a case: the loss, and whatever else the case has numbers
// for, by the names of its keys. Arguments are the inputs and the state.
type builder struct {
	prefix string   // of the cases' names
	state  []string // what the loss keeps from call to call
	build  func(c goldenLoss, in nodes) nodes
}

func lossOf(t *testing.T, c goldenLoss) builder {
	t.Helper()
	for _, l := range goldenLosses {
		if strings.HasPrefix(c.Name, l.prefix) {
			return l
		}
	}
	t.Fatal("goldenLosses has no such loss")
	return builder{}
}

// value is a builder's result where the loss is all there is.
func value(x *graph.Node) nodes { return nodes{"loss": x} }

func mean(x ...*graph.Node) *graph.Node { return graph.ReduceAllMean(graph.Stack(x, 0)) }

var goldenLosses = []builder{
	{"ntxent_t", nil, func(c goldenLoss, in nodes) nodes {
		return value(loss.NTXent(in["z0"], in["z1"], c.Params.Temperature))
	}},
	{"ntxent_bank_", []string{"bank"}, bankCase},
	{"moco_symmetric_", []string{"bank"}, mocoCase},
	{"negative_cosine", nil, func(_ goldenLoss, in nodes) nodes {
		return value(loss.NegativeCosine(in["p"], in["z"]))
	}},
	{"simsiam_byol_symmetric", nil, func(_ goldenLoss, in nodes) nodes {
		return value(mean(loss.NegativeCosine(in["p0"], in["z1"]), loss.NegativeCosine(in["p1"], in["z0"])))
	}},
	{"fastsiam_", nil, fastSiamCase},
	{"barlow_", nil, func(c goldenLoss, in nodes) nodes {
		return value(loss.BarlowTwins(in["z0"], in["z1"], c.Params.Lambda, c.Params.Eps == 0))
	}},
	{"mse", nil, func(_ goldenLoss, in nodes) nodes { return value(loss.SquaredError(in["pred"], in["target"])) }},
	{"l1", nil, func(_ goldenLoss, in nodes) nodes { return value(loss.AbsoluteError(in["pred"], in["target"])) }},
	{"vicregl", nil, vicRegLCase},
	{"vicreg", nil, func(c goldenLoss, in nodes) nodes {
		in = cells(in)
		return value(loss.VICReg(in["z0"], in["z1"], c.Params.Invariance, c.Params.Variance, c.Params.Covariance))
	}},
	{"dcl_", nil, func(c goldenLoss, in nodes) nodes {
		return value(loss.DCL(in["z0"], in["z1"], c.Params.Temperature, strings.HasPrefix(c.Name, "dcl_2023")))
	}},
	{"dclw_", nil, func(c goldenLoss, in nodes) nodes {
		return value(loss.DCLW(in["z0"], in["z1"], c.Params.Temperature, c.Params.Sigma, strings.HasPrefix(c.Name, "dclw_2023")))
	}},
	{"swav_", nil, swavCase},
	{"dino_", []string{"center"}, func(c goldenLoss, in nodes) nodes {
		p, teacher := c.Params, in.views("t")
		center := graph.Reshape(in["center"], -1) // some cases have it as a row
		return nodes{
			"loss":         loss.DINO(teacher, in.views("s"), center, constant(center, p.TeacherTemp), p.StudentTemp),
			"center_after": loss.DINOCenter(center, teacher, p.CenterMomentum),
		}
	}},
	{"tico_", []string{"C"}, func(c goldenLoss, in nodes) nodes {
		old := strings.HasPrefix(c.Name, "tico_2023")
		value, after := loss.TiCo(in["z0"], in["z1"], in["C"], c.Params.Beta, c.Params.Rho, old)
		if old {
			return nodes{"loss": value} // the case says nothing of the covariance
		}
		return nodes{"loss": value, "C_after": after}
	}},
	{"frossl", nil, func(_ goldenLoss, in nodes) nodes { return value(loss.FroSSL(in.views("z"))) }},
	{"koleo", nil, func(_ goldenLoss, in nodes) nodes { return value(loss.KoLeo(in["z0"])) }},
	{"msn", nil, func(c goldenLoss, in nodes) nodes { return msnCase(c, in, loss.EntropyGap) }},
	{"pmsn", nil, func(c goldenLoss, in nodes) nodes {
		return msnCase(c, in, func(logMean *graph.Node) *graph.Node {
			return loss.PowerLawGap(logMean, c.Params.Exponent, c.Name == "pmsn_2023")
		})
	}},
	{"nnclr", []string{"bank"}, nnclrCase},
	{"smog", []string{"groups"}, func(c goldenLoss, in nodes) nodes {
		value, after, assigned := loss.SMoG(in["z"], in["p"], in["z1"], in["groups"], c.Params.Beta, c.Params.Temperature)
		return nodes{"loss": value, "groups_after": after, "assignments_z1": graph.ArgMax(assigned, -1)}
	}},
}

func msnCase(c goldenLoss, in nodes, gap func(logMean *graph.Node) *graph.Node) nodes {
	p, prototypes := c.Params, in["prototypes"]
	assignments := loss.MSNAssignments(in["targets"], prototypes, p.Temperature, p.Sharpen, p.SinkhornIterations)
	entropy, logMean := loss.MSN(in["anchors"], assignments, prototypes, p.Temperature)
	results := value(graph.Add(entropy, graph.MulScalar(gap(logMean), p.Regularization)))
	if _, has := c.keys["sharpened"]; has {
		results["softmax"] = loss.MSNAssignments(in["targets"], prototypes, p.Temperature, 1, 0)
		results["sharpened"] = loss.MSNAssignments(in["targets"], prototypes, p.Temperature, p.Sharpen, 0)
		results["sinkhorn"] = assignments
	}
	return results
}

// TestHalfPrecision checks that every loss computes in float32 if its inputs are
// in bfloat16: what it keeps from call to call is in float32 anyway.
func TestHalfPrecision(t *testing.T) {
	cases := goldenCases(t)
	for _, c := range cases {
		t.Run(c.File+"/"+c.Name, func(t *testing.T) {
			l, d := lossOf(t, c), testkit.Open(t, device.Go)
			narrow, rounded := nodes{}, nodes{}
			out := testkit.Run(t, d, func(in []*graph.Node) []*graph.Node {
				g := in[0].Graph()
				for name, input := range c.Inputs {
					x := graph.Const(g, input.Array(t).Tensor(dtypes.Float32))
					narrow[name] = graph.ConvertDType(x, dtypes.BFloat16)
					rounded[name] = graph.ConvertDType(narrow[name], dtypes.Float32)
				}
				for _, state := range l.state {
					x := graph.Const(g, stateBefore(t, c, state, cases).Tensor(dtypes.Float32))
					narrow[state], rounded[state] = x, x
				}
				value := l.build(c, narrow)["loss"]
				if value.DType() != dtypes.Float32 {
					t.Errorf("loss of type %s, want float32", value.DType())
				}
				return []*graph.Node{graph.ConvertDType(value, dtypes.Float32), l.build(c, rounded)["loss"]}
			}, filled(0, 1).Tensor(dtypes.Float32))
			testkit.NearScalar(t, "loss", out[0][0], out[1][0], 1e-6)
		})
	}
}

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

func fastSiamCase(_ goldenLoss, in nodes) nodes {
	p, z := in.views("p"), in.views("z")
	var losses []*graph.Node
	for i := range p {
		var others []*graph.Node
		for j := range z {
			if j != i {
				others = append(others, op.Widen(z[j]))
			}
		}
		target := graph.ReduceMean(graph.Stack(others, 0), 0)
		losses = append(losses, loss.NegativeCosine(p[i], target))
	}
	return value(mean(losses...))
}

func swavCase(c goldenLoss, in nodes) nodes {
	scores := in.views("h")
	var q []*graph.Node
	for i, h := range scores {
		q = append(q, loss.Sinkhorn(h, in[fmt.Sprint("queue", i)], c.Params.Epsilon, c.Params.Iterations))
	}
	if in["low"] != nil {
		scores = append(scores, in["low"])
	}
	scores = append(scores, in.views("l")...)
	results := value(loss.SwAV(scores, q, c.Params.Temperature))
	if c.keys["sinkhorn_h0"] != nil {
		results["sinkhorn_h0"] = q[0]
	}
	return results
}

// cells gives maps, [batch, rows, columns, dim], one axis of cells.
func cells(in nodes) nodes {
	flat := nodes{}
	for name, x := range in {
		if x.Rank() == 4 {
			x = graph.Reshape(x, x.Shape().Dim(0), -1, x.Shape().Dim(3))
		}
		flat[name] = x
	}
	return flat
}

func vicRegLCase(c goldenLoss, in nodes) nodes {
	in = cells(in)
	p, batch := c.Params, in["global0"].Shape().Dim(0)
	var places [2]*graph.Node
	for v := range places {
		grid := p.Grids.View(v, batch) // [batch, cells, 2]
		places[v] = graph.ConvertDType(graph.Const(in["local0"].Graph(), grid.Tensor(dtypes.Float64)), op.Widen(in["local0"]).DType())
	}
	global := loss.VICReg(in["global0"], in["global1"], p.Invariance, p.Variance, p.Covariance/2) // mean over the views
	local := loss.VICRegLocal(in["local0"], in["local1"], places[0], places[1], p.Matches, p.Invariance, p.Variance, p.LocalCovariance)
	total := graph.Add(graph.MulScalar(global, p.Alpha), graph.MulScalar(local, 1-p.Alpha))
	return nodes{"loss": total, "global_loss": global, "local_loss": local}
}

func nnclrCase(c goldenLoss, in nodes) nodes {
	bank := in["bank"]
	nn0, nn1 := loss.NearestNeighbour(in["z0"], bank), loss.NearestNeighbour(in["z1"], bank)
	value := mean(loss.NTXent(nn0, in["p1"], c.Params.Temperature), loss.NTXent(nn1, in["p0"], c.Params.Temperature))
	after, at := loss.Enqueue(bank, position(c, in), in["z1"])
	return nodes{"loss": value, "nn_index_z0": indexOf(nn0, bank), "nn_index_z1": indexOf(nn1, bank), "bank_after": after, "ptr_after": at}
}

// indexOf returns which row of the bank each row is.
func indexOf(rows, bank *graph.Node) *graph.Node {
	difference := graph.Sub(graph.ExpandAxes(rows, 1), graph.ExpandAxes(bank, 0)) // [n, size, dim]
	equal := graph.ReduceSum(graph.Abs(difference), -1)                           // [n, size]
	return graph.ArgMin(equal, -1, dtypes.Int32)
}
