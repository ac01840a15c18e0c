package mix

import "testing"

// The first numbers of the authors' program splitmix64.c with the state 1234567.
func TestAt(t *testing.T) {
	for k, want := range []uint64{6457827717110365317, 3203168211198807973, 9817491932198370423, 4593380528125082431, 16408922859458223821} {
		if got := At(1234567, uint64(k)); got != want {
			t.Errorf("number %d is %d, want %d", k, got, want)
		}
	}
}
