package optim

import "math"

// Cosine is the factor of the learning rate in an epoch, counted from 0: from 1
// along half a cosine towards 0, which it would reach after the last epoch.
//
// Loshchilov, Hutter, SGDR, 2016, arXiv:1608.03983, eq. 5 without restarts,
// stepped once an epoch.
func Cosine(epoch, epochs int) float64 {
	return (1 + math.Cos(math.Pi*float64(epoch)/float64(epochs))) / 2
}
