package dataset

import (
	"archive/tar"
	"os"
	"path/filepath"
	"testing"
)

// Whatever a tar says, nothing outside of the folder is touched.
func TestFetchHostileTar(t *testing.T) {
	base := t.TempDir()
	victim := filepath.Join(base, "victim")
	reg := func(name string) tar.Header { return tar.Header{Typeflag: tar.TypeReg, Name: name} }
	link := func(kind byte, to string) tar.Header {
		return tar.Header{Typeflag: kind, Name: "toy/link", Linkname: to}
	}
	for _, test := range []struct {
		name    string
		entries []tar.Header
		want    string
	}{
		{"up", []tar.Header{reg("../../victim")}, `entry "../../victim": the name leads out`},
		{"up later", []tar.Header{reg("toy/../../../victim")}, "the name leads out"},
		{"absolute", []tar.Header{reg(victim)}, "the name leads out"},
		{"folder up", []tar.Header{{Typeflag: tar.TypeDir, Name: "../../victim/"}}, "the name leads out"},
		{"empty", []tar.Header{reg("")}, "the name leads out"},
		{"symbolic link", []tar.Header{link(tar.TypeSymlink, victim), reg("toy/link")}, `entry "toy/link": is of type '2', want files and folders`},
		{"symbolic link to a folder", []tar.Header{link(tar.TypeSymlink, base), reg("toy/link/victim")}, "is of type '2'"},
		{"link", []tar.Header{link(tar.TypeLink, victim)}, "is of type '1'"},
		{"device", []tar.Header{{Typeflag: tar.TypeChar, Name: "toy/null", Devmajor: 1, Devminor: 3}}, "is of type '3'"},
		{"pipe", []tar.Header{{Typeflag: tar.TypeFifo, Name: "toy/pipe"}}, "is of type '6'"},
		{"a folder where a file is", []tar.Header{reg("toy/a"), reg("toy/a/b")}, `entry "toy/a/b": `},
		{"nothing", nil, "noise.bin"},
		{"not all", []tar.Header{reg("toy/noise.bin"), {Typeflag: tar.TypeDir, Name: "toy/train/class/"}}, "class: is empty"},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir := filepath.Join(base, "data")
			s := serveToy(t, pack(t, test.entries...))
			a := s.archive()
			wantError(t, a.fetch(t.Context(), dir, nil), "dataset: toy: unpacking "+a.part(dir), test.want)
			if _, err := os.Lstat(victim); err == nil {
				t.Error("a file came into being elsewhere")
			}
			left, err := filepath.Glob(filepath.Join(dir, "toy*"))
			if err != nil || len(left) != 2 { // .lock, .part
				t.Errorf("%q is left (error %v), want no data", left, err)
			}
			if err := os.RemoveAll(dir); err != nil {
				t.Fatal(err)
			}
		})
	}
}

func TestFetchNotAnArchive(t *testing.T) {
	whole := packToy(t)
	for name, data := range map[string][]byte{"text": []byte("this is no archive at all"), "half": whole[:len(whole)/2]} {
		a, dir := serveToy(t, data).archive(), t.TempDir()
		if err := a.fetch(t.Context(), dir, nil); err == nil {
			t.Errorf("%s: got no error", name)
		}
		if _, err := os.Stat(filepath.Join(dir, "toy")); err == nil {
			t.Errorf("%s: the data are there", name)
		}
	}
}

// A run may have been killed at any point.
func TestFetchRemovesLeftovers(t *testing.T) {
	s := serveToy(t, packToy(t))
	a, dir := s.archive(), t.TempDir()
	leave := func(names ...string) {
		for _, name := range names {
			path := filepath.Join(dir, name)
			if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, []byte("left"), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	leave("toy.tgz.lock", "toy.tgz.unpacking/toy/left.bin") // while unpacking
	if err := a.fetch(t.Context(), dir, nil); err != nil {
		t.Fatal(err)
	}
	checkToy(t, dir)
	leave("toy.tgz.lock", "toy.tgz.part", "toy.tgz.unpacking/left.bin") // when the data were there
	if err := a.fetch(t.Context(), dir, nil); err != nil {
		t.Fatal(err)
	}
	checkToy(t, dir)
	if len(s.ranges) != 1 {
		t.Errorf("%d requests, want 1", len(s.ranges))
	}
}
