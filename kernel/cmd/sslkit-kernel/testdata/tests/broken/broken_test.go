package broken

import "testing"

func TestA(*testing.T) { nowhere() }
