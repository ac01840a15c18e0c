package pretrained

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/gossl/gossl/sslkit/backbone"
	"github.com/gossl/gossl/sslkit/internal/testkit"
)

// timm's VisionTransformer takes our files, no name missing and none too many, and
// computes our features; of images of other sizes, too.
func TestTimmReadsOurFiles(t *testing.T) {
	script(t, "timm") // skips at once where something is missing
	kind, tasks, dir := testkit.XLA(t).Kind, map[string]task{}, t.TempDir()
	for name, c := range map[string]struct {
		size      int
		positions backbone.Positions
	}{
		"learned": {16, backbone.Learned}, "sine-cosine": {16, backbone.SineCosine}, "smaller": {12, backbone.Learned}, "larger": {24, backbone.SineCosine},
	} {
		m := transformer(t, c.size, c.positions)
		for i := range m.tensors { // no zeros and ones, as at first
			for k := range m.tensors[i].values {
				m.tensors[i].values[k] += float32(0.2 * (testkit.U(100+i, k) - 0.5))
			}
		}
		file, images := filepath.Join(dir, name+".safetensors"), pictures(3, c.size)
		if err := m.WriteSafetensors(file); err != nil {
			t.Fatal(err)
		}
		tasks[name] = task{file, images, embed(t, m, kind, images)}
	}
	check(t, 1e-5, tasks, "timm", "features")
}

// unknownViT is a transformer of which the file is to tell all sizes.
func unknownViT(heads int) Network {
	n := referenceNetwork(backbone.ResNet{})
	n.Backbone, n.Size = backbone.ViT{Heads: heads}, 0
	return n
}

// We take the state dicts of timm's and torchvision's transformers, as they, lightly,
// DINO and MAE have them in their files, and compute their features.
func TestOursReadTransformers(t *testing.T) {
	script(t, "timm") // skips at once where something is missing
	dir, images, tasks := t.TempDir(), pictures(3, 16), map[string]task{}
	cases := map[string]struct {
		heads int // 0: as usual
		notes []string
	}{
		"timm.safetensors":        {0, []string{"1 are assumed", "head.weight is left out"}},
		"heads.safetensors":       {4, []string{"head.weight is left out"}},
		"torchvision.safetensors": {2, []string{"heads.head.weight is left out"}},
		"lightly.safetensors":     {0, []string{"1 are assumed", "begin with backbone.mask_token, 1 of them"}},
		"first.safetensors":       {0, []string{"1 are assumed"}},
		"dino.pth":                {0, []string{"begin with teacher.", "begin with student.module.head."}},
		"mae.pth":                 {0, []string{"model.mask_token is left out", "model.decoder_pos_embed is left out"}},
	}
	for name := range cases {
		tasks[name] = task{file: filepath.Join(dir, name), images: images}
	}
	features := outcomes(t, tasks, "timm", "vit")
	for name, c := range cases {
		file := safetensorsOf(t, filepath.Join(dir, name))
		m, err := ReadStateDict(file, unknownViT(c.heads))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		want := backbone.ViT{Patch: 4, Width: 64, Depth: 2, Heads: max(c.heads, 1), MLP: 96, Grid: 4,
			Positions: backbone.Learned, Resize: backbone.Antialias, Init: backbone.TimmInit}
		if m.Backbone != backbone.Backbone(want) || m.Size != 16 {
			t.Errorf("%s: %+v of size %d, want %+v", name, m.Backbone, m.Size, want)
		}
		for _, note := range c.notes {
			if said := strings.Join(m.Notes, "\n"); !strings.Contains(said, note) {
				t.Errorf("%s: notes %q, want %q in them", name, said, note)
			}
		}
		testkit.NearNorm(t, name, embed(t, m, testkit.XLA(t).Kind, images), features[name], 1e-5)
	}
	dino := filepath.Join(dir, "dino.pth.safetensors")
	student, err := ReadStateDict(dino, unknownViT(0))
	if err != nil {
		t.Fatal(err)
	}
	teacher, err := ReadStateDictPart(dino, "teacher.backbone", unknownViT(0))
	if err != nil {
		t.Fatal(err)
	}
	if cmp.Equal(student.tensors, teacher.tensors, cmp.AllowUnexported(tensor{})) {
		t.Error("the teacher has the student's weights")
	}
}

// safetensorsOf is the file itself, or what the command makes of a .pth file that the
// error of reading it says.
func safetensorsOf(t *testing.T, file string) string {
	t.Helper()
	if filepath.Ext(file) != ".pth" {
		return file
	}
	_, err := ReadStateDict(file, unknownViT(0))
	wantError(t, err, "with the packages torch and safetensors")
	_, command, _ := strings.Cut(err.Error(), "\n\n")
	command, _, _ = strings.Cut(command, "\n\n")
	if python := os.Getenv("SSLKIT_TEST_PYTHON"); python != "" {
		command = strings.Replace(command, "python3", shellWord(python), 1)
	}
	if out, err := exec.Command("sh", "-c", command).CombinedOutput(); err != nil {
		t.Fatal(errors.Join(err, errors.New(string(out))))
	}
	return file + ".safetensors"
}
