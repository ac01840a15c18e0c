package dataset

import (
	"slices"
	"testing"
)

func TestAbout(t *testing.T) {
	for _, name := range Names() {
		about, known := About(name)
		if !known || about.Name != name || about.Title == "" || about.Train < about.Test || about.Test < 1000 ||
			min(about.Height, about.Width) < 32 || len(about.Classes) != 10 {
			t.Errorf("%s: %+v, known %v", name, about, known)
		}
		about.Classes[0] = "mine"
		if again, _ := About(name); again.Classes[0] == "mine" {
			t.Errorf("%s: who edits the classes changes everybody's", name)
		}
	}
	if about, known := About("mine"); known || about.Title != "mine" || about.Train != 0 {
		t.Errorf("of a data set of one's own: %+v, known %v", about, known)
	}
}

// What is said of Shapes is what is drawn; the tests on real files compare the others.
func TestAboutShapes(t *testing.T) {
	set, err := Load(t.Context(), Shapes, 1, 1, nil)
	if err != nil {
		t.Fatal(err)
	}
	compareAbout(t, set)
}

// compareAbout compares a set's first images with what is said of them all.
func compareAbout(t *testing.T, set *Set) {
	t.Helper()
	about, _ := About(set.Name)
	if !slices.Equal(set.Train.Classes, about.Classes) || !slices.Equal(set.Test.Classes, about.Classes) {
		t.Errorf("%s: classes %q and %q, want %q", set.Name, set.Train.Classes, set.Test.Classes, about.Classes)
	}
	if height, width := set.Train.Size(0); set.Train.Frames == nil && (height != about.Height || width != about.Width) {
		t.Errorf("%s: images of %d×%d, want %d×%d", set.Name, width, height, about.Width, about.Height)
	}
}
