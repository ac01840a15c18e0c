package place

import (
	"os"
	"os/user"
	"path/filepath"
	"testing"
)

func TestHomeAndData(t *testing.T) {
	for _, c := range []struct{ data, home, share, user, wantHome, wantData string }{
		{"/d", "/h", "/s", "/u", "/h", "/d"},
		{"", "/h/", "/s", "/u", "/h", "/h/data"},
		{"", "", "/s", "/u", "/s/sslkit", "/s/sslkit/data"},
		{"", "", "", "/u", "/u/.local/share/sslkit", "/u/.local/share/sslkit/data"},
	} {
		t.Setenv("SSLKIT_DATA", c.data)
		t.Setenv("SSLKIT_HOME", c.home)
		t.Setenv("XDG_DATA_HOME", c.share)
		t.Setenv("HOME", c.user)
		if home, data := Home(), Data(); home != c.wantHome || data != c.wantData {
			t.Errorf("%+v: home %s, data %s", c, home, data)
		}
	}
}

func TestHomeIsAbsolute(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	t.Setenv("SSLKIT_HOME", "here")
	if got, want := Home(), filepath.Join(dir, "here"); got != want {
		t.Errorf("home %s, want %s", got, want)
	}
}

func TestHomeOfUserWithoutHOME(t *testing.T) {
	current, err := user.Current()
	if err != nil {
		t.Skipf("the system does not know this user: %v", err)
	}
	t.Setenv("SSLKIT_HOME", "")
	t.Setenv("XDG_DATA_HOME", "")
	t.Setenv("HOME", "") // remembers what to restore
	os.Unsetenv("HOME")
	if got, want := Home(), filepath.Join(current.HomeDir, ".local/share/sslkit"); got != want {
		t.Errorf("home %s, want %s", got, want)
	}
}
