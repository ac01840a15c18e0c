package backbone

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/gomlx/gomlx/pkg/core/dtypes"
	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/google/go-cmp/cmp"
	"github.com/gossl/gossl/sslkit/device"
	"github.com/gossl/gossl/sslkit/internal/testkit"
	"github.com/gossl/gossl/sslkit/nn"
	"github.com/gossl/gossl/sslkit/op"
)

// A vitCase is a layer of a transformer: its output, and gradients of Σ y·dy.
type vitCase struct {
	Heads, Patch          int
	Eps                   float64
	X, Y, DX, DY          testkit.Array
	Parameters, Gradients map[string]testkit.Array
	TorchF32              struct{ Y, DX, Gradients float64 } `json:"torch_f32"`
}

// kind builds a layer alone.
func kind(k Kind) func(scope *nn.Scope, x *graph.Node) *graph.Node {
	return func(scope *nn.Scope, x *graph.Node) *graph.Node { return k.Forward(scope, x) }
}

// vitParts builds the layers of reference cases, by name.
var vitParts = map[string]func(c vitCase) func(scope *nn.Scope, x *graph.Node) *graph.Node{
	"layer_norm_eps1e-6": layerNorm, "layer_norm_small_values_eps1e-5": layerNorm,
	"gelu_exact": func(vitCase) func(*nn.Scope, *graph.Node) *graph.Node { return kind(GELU{}) },
	"softmax_rows": func(vitCase) func(*nn.Scope, *graph.Node) *graph.Node {
		return func(_ *nn.Scope, x *graph.Node) *graph.Node { return op.Softmax(x) }
	},
	"attention_torchvision": attention, "attention_timm": attention,
	"block_timm": block, "block_torchvision": block,
	"patch_embedding": func(c vitCase) func(*nn.Scope, *graph.Node) *graph.Node {
		return kind(PatchEmbedding{Patch: c.Patch, Width: c.Y.Shape[2]})
	},
	"patchify": func(c vitCase) func(*nn.Scope, *graph.Node) *graph.Node {
		return func(_ *nn.Scope, x *graph.Node) *graph.Node { return nn.Patches(x, c.Patch) }
	},
	"linear_layernorm_relu": func(c vitCase) func(*nn.Scope, *graph.Node) *graph.Node {
		return func(scope *nn.Scope, x *graph.Node) *graph.Node {
			return op.ReLU(nn.LayerNorm(scope.In("ln"), nn.Dense(scope, x, c.Y.Shape[3], false), 1e-5))
		}
	},
}

func layerNorm(c vitCase) func(*nn.Scope, *graph.Node) *graph.Node {
	return func(scope *nn.Scope, x *graph.Node) *graph.Node { return nn.LayerNorm(scope, x, c.Eps) }
}

func attention(c vitCase) func(*nn.Scope, *graph.Node) *graph.Node {
	return kind(Attention{Width: c.X.Shape[2], Heads: c.Heads})
}

func block(c vitCase) func(*nn.Scope, *graph.Node) *graph.Node {
	trunk := Trunk{Width: c.X.Shape[2], Heads: c.Heads, MLP: 4 * c.X.Shape[2]}
	return func(scope *nn.Scope, x *graph.Node) *graph.Node {
		return Build(scope, listing(func(l *list) { trunk.block(l, "") }), x)
	}
}

// ourName is our path of a parameter of timm's or torchvision's.
var ourName = strings.NewReplacer(
	"attn.qkv.", "attn/qkv/", "attn.proj.", "attn/proj/",
	"self_attention.in_proj_", "attn/qkv/", "self_attention.out_proj.", "attn/proj/",
	"in_proj_", "qkv/", "out_proj.", "proj/",
	"ln_1.", "norm1/", "ln_2.", "norm2/", "norm1.", "norm1/", "norm2.", "norm2/", "ln_", "ln/",
	"mlp.0.", "mlp/fc1/", "mlp.3.", "mlp/fc2/", "mlp.fc1.", "mlp/fc1/", "mlp.fc2.", "mlp/fc2/",
)

// TestGoldenViTParts compares layers of transformers: results and all gradients.
func TestGoldenViTParts(t *testing.T) {
	for _, golden := range testkit.Cases(t, "vit_parts") {
		switch golden.Name {
		case "gelu_tanh_for_contrast": // see TestGELUIsExact
			continue
		case "weight_norm_linear": // of package head
			continue
		}
		for precision, device := range map[device.Precision]*device.Device{device.F32: testkit.Any(t), device.F64: testkit.Any(t)} {
			t.Run(fmt.Sprintf("%s/%s/%s", golden.File, golden.Name, precision), func(t *testing.T) {
				if testing.Short() && precision == "f64" {
					t.Skip("float64 needs XLA, which -short leaves out")
				}
				var c vitCase
				golden.Decode(t, &c)
				part := vitParts[golden.Name]
				if part == nil {
					t.Fatal("the test does not know the layer")
				}
				c.check(t, device, precision, golden.Name, part(c))
			})
		}
	}
}

func (c vitCase) check(t *testing.T, d *device.Device, precision device.Precision, name string, forward func(*nn.Scope, *graph.Node) *graph.Node) {
	if strings.HasPrefix(name, "attention") { // its parameters have no name before them
		name = strings.TrimPrefix(name, "attention_")
	}
	x, wantDX := c.X, c.DX
	if len(x.Shape) == 4 && c.Patch > 0 {
		x, wantDX = channelsLast(x), channelsLast(wantDX)
	}
	m := testkit.NewModel(t, d, nn.Mode{Precision: precision}, func(scope *nn.Scope, in []*graph.Node) *graph.Node {
		return forward(scope, in[0])
	}, x)
	if got, want := len(m.Vars.Params()), len(c.Parameters); got != want {
		t.Fatalf("%d parameters, want %d", got, want)
	}
	path := func(torch string) string {
		if name == "timm" {
			torch = strings.TrimPrefix(torch, "attn.")
			torch = strings.NewReplacer("qkv.", "qkv/", "proj.", "proj/").Replace(torch)
		}
		return ourName.Replace(torch)
	}
	for torch, value := range c.Parameters {
		m.SetParam(t, path(torch), testkit.Kernel(value).Data)
	}
	tolerance := func(torch float64) float64 {
		if precision == device.F64 {
			return 1e-10
		}
		return math.Max(10*torch, 2e-6)
	}
	if c.DY.Shape == nil {
		testkit.Near(t, "y", m.Pass(t, true, nil, x).Y, c.Y.Data, tolerance(0))
		return
	}
	got := m.Pass(t, true, testkit.Upstream(c.DY), x)
	testkit.Near(t, "y", got.Y, c.Y.Data, tolerance(c.TorchF32.Y))
	testkit.Near(t, "dx", got.DInputs[0], wantDX.Data, tolerance(c.TorchF32.DX))
	for torch, want := range c.Gradients {
		part := testkit.Part(t, m.Vars.Params(), got.DParams, path(torch))
		testkit.Near(t, "gradient of "+torch, part, testkit.Kernel(want).Data, tolerance(c.TorchF32.Gradients))
	}
}

// channelsLast turns [batch, channels, height, width] into [batch, height, width, channels].
func channelsLast(x testkit.Array) testkit.Array {
	if len(x.Shape) != 4 {
		return x
	}
	batch, channels, area := x.Shape[0], x.Shape[1], x.Shape[2]*x.Shape[3]
	y := testkit.Array{Shape: []int{batch, x.Shape[2], x.Shape[3], channels}, Data: make([]float64, len(x.Data))}
	for i, v := range x.Data {
		y.Data[(i/(channels*area)*area+i%area)*channels+i/area%channels] = v
	}
	return y
}

// TestGELUIsExact tells it from the approximation by tanh.
func TestGELUIsExact(t *testing.T) {
	for _, golden := range testkit.Cases(t, "vit_parts") {
		if golden.Name != "gelu_tanh_for_contrast" {
			continue
		}
		var c vitCase
		golden.Decode(t, &c)
		got := testkit.Run(t, testkit.Any(t), func(in []*graph.Node) []*graph.Node { return []*graph.Node{op.GELU(in[0])} }, c.X.Tensor(dtypes.Float32))[0]
		largest := 0.0
		for i := range got {
			largest = math.Max(largest, math.Abs(got[i]-c.Y.Data[i]))
		}
		if !(largest > 4e-4 && largest < 5e-4) {
			t.Errorf("GELU differs by up to %g from the form with tanh, want 4.7e-4", largest)
		}
	}
}

// vitTables are the tables and masks of a file.
type vitTables struct {
	Positions struct {
		Tables map[string]struct {
			Dim, Grid int
			Table     testkit.Array
		}
		Resized map[string]struct {
			Dim, From, To int
			Table         testkit.Array
		}
		Weights map[string][][]float64 `json:"resize_weights"`
	}
	Masks struct {
		Cases []struct {
			Sequence   int
			ClassToken bool `json:"mask_class_token"`
			NoiseBase  int  `json:"noise_base"`
			Kept       int  `json:"num_keep"`
			Keep, Mask [][]float64
		}
	} `json:"token_masks"`
}

// TestGoldenPositions compares tables, and how they are resized.
func TestGoldenPositions(t *testing.T) {
	for file, tables := range testkit.Golden[vitTables](t, "vit_parts") {
		for name, c := range tables.Positions.Tables {
			got := make([]float64, len(c.Table.Data))
			SineCosineTable(c.Dim)(got, 0)
			testkit.Within(t, file+"/"+name, got, c.Table.Data, 1e-11)
		}
		for name, want := range tables.Positions.Weights {
			var from, to int
			if _, err := fmt.Sscanf(name, "%d to %d", &from, &to); err != nil {
				t.Fatal(err)
			}
			testkit.Within(t, file+"/"+name, slices.Concat(resizeWeights(Antialias, from, to)...), slices.Concat(want...), 1e-11)
		}
		for name, c := range tables.Positions.Resized {
			p := PositionTable{Patch: 2, Width: c.Dim, Grid: c.From, Positions: SineCosine, Resize: Antialias}
			x := testkit.Pictures(0, 1, 2*c.To)
			m := testkit.NewModel(t, testkit.Any(t), nn.Mode{Precision: device.F32}, func(scope *nn.Scope, in []*graph.Node) *graph.Node {
				return p.Forward(scope, in[0])
			}, x)
			testkit.Within(t, file+"/"+name, m.Pass(t, false, nil, x).Y, c.Table.Data, 1e-6)
		}
	}
}

// TestResizeWithoutAntialias has numbers of Keys's kernel with a = −0.75: at the middle
// between two places −3/32, 19/32, 19/32, −3/32, and a border that is repeated.
func TestResizeWithoutAntialias(t *testing.T) {
	got := resizeWeights(Bicubic, 4, 2)
	want := [][]float64{{19./32 - 3./32, 19. / 32, -3. / 32, 0}, {0, -3. / 32, 19. / 32, 19./32 - 3./32}}
	testkit.Within(t, "4 to 2", slices.Concat(got...), slices.Concat(want...), 1e-15)
	for _, row := range resizeWeights(Bicubic, 14, 4) {
		taps := 0
		for _, w := range row {
			if w != 0 {
				taps++
			}
		}
		if taps > 4 {
			t.Errorf("%d places count, want at most 4: %v", taps, row)
		}
	}
}

// TestGoldenMasks compares which tokens are kept, and in which order.
func TestGoldenMasks(t *testing.T) {
	for file, tables := range testkit.Golden[vitTables](t, "vit_parts") {
		for i, c := range tables.Masks.Cases {
			const rows = 3
			noise := testkit.Array{Shape: []int{rows, c.Sequence}, Data: make([]float64, rows*c.Sequence)}
			for k := range noise.Data {
				if noise.Data[k] = testkit.U(c.NoiseBase, k); !c.ClassToken && k%c.Sequence == 0 {
					noise.Data[k] = -1
				}
			}
			results := testkit.Run(t, testkit.Any(t), func(in []*graph.Node) []*graph.Node {
				m := NewMask(in[0], c.Kept)
				tokens := graph.ConvertDType(graph.Iota(in[0].Graph(), m.order.Shape(), 1), dtypes.Float32)
				hidden := graph.ConvertDType(m.Hidden(), dtypes.Int32)
				all := op.StackRows(graph.ExpandAxes(tokens, -1), m.Kept())
				token := graph.Const(in[0].Graph(), []float32{-1})
				return []*graph.Node{m.Kept(), m.Masked(), hidden, m.Restore(all, token)}
			}, noise.Tensor(dtypes.Float32))
			name := fmt.Sprintf("%s/%d", file, i)
			checkMask(t, name, c.Sequence, results)
			for row, keep := range c.Keep { // large cases have the beginning alone
				got := results[0][row*c.Kept:][:len(keep)]
				if diff := cmp.Diff(keep, got); diff != "" {
					t.Errorf("%s: kept of image %d (-want +got):\n%s", name, row, diff)
				}
			}
			masked := c.Sequence - c.Kept
			for row, mask := range c.Mask {
				got := results[1][row*masked:][:len(mask)]
				if diff := cmp.Diff(mask, got); diff != "" {
					t.Errorf("%s: masked of image %d (-want +got):\n%s", name, row, diff)
				}
			}
		}
	}
}

// checkMask compares what a mask hides, and a token for each that is hidden, with what
// it keeps.
func checkMask(t *testing.T, name string, tokens int, results [][]float64) {
	t.Helper()
	rows := len(results[2]) / tokens
	kept := len(results[0]) / rows
	for at := range results[2] {
		row, token := at/tokens, at%tokens
		want, hidden := -1.0, 1.0
		if slices.Contains(results[0][row*kept:][:kept], float64(token)) {
			want, hidden = float64(token), 0
		}
		if results[2][at] != hidden || results[3][at] != want {
			t.Errorf("%s: token %d of image %d: hidden %g, want %g; restored as %g, want %g", name, token, row, results[2][at], hidden, results[3][at], want)
		}
	}
}

// TestAttentionWeights compares the weights with loops in float64, whose mean of values,
// behind the last layer, is the reference's attention.
func TestAttentionWeights(t *testing.T) {
	tested := 0
	for _, golden := range testkit.Cases(t, "vit_parts") {
		if !strings.HasPrefix(golden.Name, "attention_") {
			continue
		}
		tested++
		t.Run(golden.File+"/"+golden.Name, func(t *testing.T) {
			var c vitCase
			golden.Decode(t, &c)
			layer := Attention{Width: c.X.Shape[2], Heads: c.Heads}
			m := testkit.NewModel(t, testkit.Any(t), nn.Mode{Precision: device.F32}, func(scope *nn.Scope, in []*graph.Node) *graph.Node {
				layer.Forward(scope, in[0]) // declares all variables
				return layer.Weigh(scope, in[0])
			}, c.X)
			values := map[string][]float64{}
			for torch, value := range c.Parameters {
				path := ourName.Replace(torch)
				if golden.Name == "attention_timm" {
					path = strings.ReplaceAll(strings.TrimPrefix(torch, "attn."), ".", "/")
				}
				values[path] = testkit.Kernel(value).Data
				m.SetParam(t, path, values[path])
			}
			weights, y := attentionByLoops(c, values)
			testkit.Near(t, "attention by loops", y, c.Y.Data, 1e-10)
			testkit.Near(t, "weights", m.Pass(t, false, nil, c.X).Y, weights, 1e-5)
		})
	}
	if tested == 0 {
		t.Error("no reference has attention")
	}
}

// attentionByLoops is attention written from its equation: weights, [batch, heads, tokens,
// tokens], and the result.
func attentionByLoops(c vitCase, values map[string][]float64) (weights, y []float64) {
	batch, tokens, width := c.X.Shape[0], c.X.Shape[1], c.X.Shape[2]
	dense := func(x, kernel, bias []float64) []float64 {
		out := slices.Clone(bias)
		for j := range out {
			for i, v := range x {
				out[j] += v * kernel[i*len(out)+j]
			}
		}
		return out
	}
	for image := range batch {
		var qkv, mixed [][]float64
		for token := range tokens {
			x := c.X.Data[(image*tokens+token)*width:][:width]
			qkv, mixed = append(qkv, dense(x, values["qkv/weight"], values["qkv/bias"])), append(mixed, make([]float64, width))
		}
		size := width / c.Heads
		for head := range c.Heads {
			for i := range tokens {
				row, sum := make([]float64, tokens), 0.0
				for j := range row {
					for d := head * size; d < (head+1)*size; d++ {
						row[j] += qkv[i][d] * qkv[j][width+d] / math.Sqrt(float64(size))
					}
					row[j] = math.Exp(row[j])
					sum += row[j]
				}
				for j := range row {
					row[j] /= sum
					for d := head * size; d < (head+1)*size; d++ {
						mixed[i][d] += row[j] * qkv[j][2*width+d]
					}
				}
				weights = append(weights, row...)
			}
		}
		for _, x := range mixed {
			y = append(y, dense(x, values["proj/weight"], values["proj/bias"])...)
		}
	}
	return weights, y
}
