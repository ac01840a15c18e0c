package fine

import "testing"

func TestA(t *testing.T) { t.Run("inner", func(*testing.T) {}) }

func TestB(t *testing.T) { t.Skip("no GPU: it has none") }
