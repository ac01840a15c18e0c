package panics

import "testing"

func TestA(*testing.T) { panic("on purpose") }
