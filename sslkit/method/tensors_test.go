package method_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/gossl/gossl/sslkit/internal/testkit"
	"github.com/gossl/gossl/sslkit/nn"
)

// A reference is a tensor of the reference's networks.
type reference struct {
	testkit.TorchTensor
	part  string    // of the network: "projection"
	path  string    // of the variable below "online/" or "target/"; "" if the model has none, as it never changes
	start []float64 // in PyTorch's order
}

// Folders of a model are called as the reference's parts are, or as what computes them.
var (
	folderOf = strings.NewReplacer("projection", "projector", "prediction", "predictor")
	partOf   = strings.NewReplacer("projector", "projection", "predictor", "prediction")
)

// references lists the tensors of the online networks in the reference's order.
func (c stepCase) references(t *testing.T, params []nn.Variable) []reference {
	t.Helper()
	undescribed := params
	if n := len(c.Tensors.list); n > 0 {
		undescribed = params[:c.tensorCount()-n]
	}
	var all []reference
	for i, tensor := range testkit.Described(c.FirstWeight, undescribed, testkit.UnitNorms) {
		path := strings.TrimPrefix(undescribed[i].Path, "online/")
		folder, _, _ := strings.Cut(path, "/")
		all = append(all, reference{TorchTensor: tensor, path: path, part: partOf.Replace(folder)})
	}
	rest := below(params[len(undescribed):])
	for _, tensor := range c.Tensors.list {
		tensor.Number = c.FirstWeight + len(all)
		name, _, _ := strings.Cut(strings.TrimPrefix(tensor.Name, "anchor_"), ".")
		r := reference{TorchTensor: tensor, part: name}
		if c.ViT != nil && name != "projection" {
			r.path = c.pathOf(tensor.Name, params)
			folder, _, _ := strings.Cut(r.path, "/")
			rest[folder] = slices.DeleteFunc(rest[folder], func(path string) bool { return path == r.path })
		} else if !strings.HasSuffix(tensor.Name, ".weight_g") { // scales of 1, never trained
			folder := folderOf.Replace(name)
			if len(rest[folder]) == 0 {
				t.Fatalf("no parameter for %s in online/%s", tensor.Name, folder)
			}
			r.path, rest[folder] = rest[folder][0], rest[folder][1:]
		}
		all = append(all, r)
	}
	for folder, paths := range rest {
		if len(paths) > 0 {
			t.Fatalf("parameters in online/%s that the reference has not: %q", folder, paths)
		}
	}
	fillStarts(all)
	c.checkSizes(t, all, params)
	return all
}

// below lists the paths of variables in "online/" by folder.
func below(list []nn.Variable) map[string][]string {
	paths := map[string][]string{}
	for _, v := range list {
		path := strings.TrimPrefix(v.Path, "online/")
		folder, _, _ := strings.Cut(path, "/")
		paths[folder] = append(paths[folder], path)
	}
	return paths
}

func fillStarts(list []reference) {
	var tensors []testkit.TorchTensor
	for _, r := range list {
		tensors = append(tensors, r.TorchTensor)
	}
	for i, values := range testkit.Start(tensors) {
		list[i].start = values
	}
}

// checkSizes compares number and shapes of the tensors with the model's.
func (c stepCase) checkSizes(t *testing.T, list []reference, params []nn.Variable) {
	t.Helper()
	elements := 0
	for _, r := range list {
		if !r.IsFixed() {
			elements += len(r.start)
		}
		at := slices.IndexFunc(params, func(v nn.Variable) bool { return v.Path == "online/"+r.path })
		if r.path != "" && params[at].Size() != len(r.start) {
			t.Fatalf("%s has %v, the reference's %s %v", params[at].Path, params[at].Dims, r.Name, r.Shape)
		}
	}
	if count := c.tensorCount(); count > 0 && (len(list) != count || elements != c.Parameters) {
		t.Fatalf("%d tensors of %d parameters, want %d of %d", len(list), elements, count, c.Parameters)
	}
}

// targetReferences are those of the target network, as it starts.
func (c stepCase) targetReferences(online []reference) []reference {
	parts := map[string][]reference{}
	for _, r := range online {
		parts[r.part] = append(parts[r.part], r)
	}
	var all []reference
	for _, part := range []string{"backbone", "projection"} {
		list := parts[part]
		if start, ok := c.TargetInit[part]; ok && !start.Copy {
			for i := range list {
				list[i].Number = start.FirstWeight + i
			}
			fillStarts(list)
		}
		all = append(all, list...)
	}
	return all
}

// fill puts the starts of tensors where a list has their variables below a path.
func fill(list []nn.Variable, flat []float64, below string, tensors []reference) {
	for _, v := range list {
		for _, r := range tensors {
			if v.Path == below+r.path {
				copy(flat[v.Offset:v.Offset+v.Size()], r.Ours(r.start))
			}
		}
	}
}

// values of tensors as they are now, each in PyTorch's order.
func values(list []nn.Variable, flat []float64, below string, tensors []reference) [][]float64 {
	all := make([][]float64, len(tensors))
	for i, r := range tensors {
		all[i] = r.start
		for _, v := range list {
			if v.Path == below+r.path {
				all[i] = r.Torch(flat[v.Offset : v.Offset+v.Size()])
			}
		}
	}
	return all
}
