package dataset

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Whatever lies below the folder is an image without class, in the order of names.
func TestFolderUnlabelled(t *testing.T) {
	ownHome(t)
	files := map[string][]byte{"notes.txt": []byte("no image"), ".hidden/x.png": nil, "2024/empty/notes.txt": nil}
	order := []string{"2023/may/1.png", "2023/z.JPG", "2024/a.png", "loose.jpeg", "z.png"}
	for i, name := range order {
		files[name] = asPNG(t, i, 4+i, 6)
	}
	dir := writeFiles(t, files)
	for _, from := range []string{"files", "cache", "files, in memory"} {
		images, err := Folder(t.Context(), dir, FolderOptions{
			Unlabelled: true, NoCache: from == "files, in memory",
			Warn: func(text string) {
				if want := "read: 2 .txt (2024/empty/notes.txt)"; !strings.HasSuffix(text, want) {
					t.Errorf("from %s: warned %q, want %q", from, text, want)
				}
			},
		})
		if err != nil {
			t.Fatal(err)
		}
		if images.Classes != nil || !slices.Equal(images.Labels, make([]int32, 5)) || !slices.Equal(images.Files, order) {
			t.Errorf("from %s: classes %q, labels %v, files %q, want no class and %q", from, images.Classes, images.Labels, images.Files, order)
		}
		for i := range order {
			if !slices.Equal(images.At(i), testPixels(i, 4+i, 6)) {
				t.Errorf("from %s: %s has other pixels", from, order[i])
			}
		}
	}
	// Both readings of one folder may be in the cache.
	labelled, err := Folder(t.Context(), dir+"/2023", FolderOptions{Warn: func(string) {}})
	if err != nil || !slices.Equal(labelled.Classes, []string{"may"}) {
		t.Fatalf("classes %+v, error %v", labelled, err)
	}
	images, err := Folder(t.Context(), dir+"/2023", FolderOptions{Unlabelled: true})
	if err != nil || images.Classes != nil || !slices.Equal(images.Files, []string{"may/1.png", "z.JPG"}) {
		t.Errorf("without classes %+v, error %v", images, err)
	}
}

func TestFolderUnlabelledErrors(t *testing.T) {
	ownHome(t)
	dir := writeFiles(t, map[string][]byte{"deep/notes.txt": nil})
	if _, err := Folder(t.Context(), dir, FolderOptions{Unlabelled: true}); err == nil ||
		err.Error() != "dataset: "+dir+": no images: want files that end in .jpg, .jpeg, .jfif, .png, .webp, .gif, .bmp, .tif or .tiff; "+dir+" has 1 .txt (deep/notes.txt)" {
		t.Errorf("nothing there: error %v", err)
	}
	dir = writeFiles(t, map[string][]byte{"a.png": []byte("broken"), "b/c.png": []byte("broken, too")})
	if _, err := Folder(t.Context(), dir, FolderOptions{}); err == nil || errors.Is(err, ErrNoClasses) {
		t.Errorf("b is a class: error %v", err)
	}
	if _, err := Folder(t.Context(), dir+"/b", FolderOptions{}); !errors.Is(err, ErrNoClasses) {
		t.Errorf("no class: error %v, want ErrNoClasses", err)
	}
	_, err := Folder(t.Context(), dir, FolderOptions{Unlabelled: true, SkipCorrupt: true})
	var corrupt *CorruptError
	if !errors.As(err, &corrupt) || len(corrupt.Files) != 2 || !strings.Contains(err.Error(), "no image of the folder is left") {
		t.Errorf("nothing but corrupt files: error %v", err)
	}
}

// Skipped files leave the others in order.
func TestFolderUnlabelledSkips(t *testing.T) {
	ownHome(t)
	dir := writeFiles(t, map[string][]byte{"a.png": asPNG(t, 0, 3, 3), "b.png": []byte("broken"), "c/d.png": asPNG(t, 1, 3, 3)})
	images, err := Folder(t.Context(), dir, FolderOptions{Unlabelled: true, SkipCorrupt: true})
	if err != nil {
		t.Fatal(err)
	}
	want := &Images{
		Pixels: slices.Concat(testPixels(0, 3, 3), testPixels(1, 3, 3)), Labels: []int32{0, 0}, Height: 3, Width: 3,
		Files: []string{"a.png", "c/d.png"}, Skipped: []string{"b.png"},
	}
	if diff := cmp.Diff(want, images); diff != "" {
		t.Errorf("images (-want +got):\n%s", diff)
	}
}
