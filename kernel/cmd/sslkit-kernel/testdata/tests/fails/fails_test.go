package fails

import "testing"

func TestA(t *testing.T) {
	t.Run("inner", func(t *testing.T) { t.Error("1, want 2") })
}

func TestB(*testing.T) {}
