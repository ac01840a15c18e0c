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

// CosineWarmup is the factor of the learning rate in an epoch, counted from 0:
// in equal steps to 1 over the first warmup epochs, then along half a cosine to
// end, which the last epoch has.
//
// It is lightly's CosineWarmupScheduler, of which Goyal et al., Accurate, Large
// Minibatch SGD, 2017, arXiv:1706.02677, sec. 2.2, have the warm-up.
func CosineWarmup(epoch, epochs, warmup int, end float64) float64 {
	if epoch < warmup {
		return float64(epoch+1) / float64(warmup)
	}
	return CosineBetween(epoch-warmup, epochs-warmup, 1, end)
}

// CosineBetween goes from start, at step 0, along half a cosine to end, at step
// steps−1 and after it: a target network's momentum or a temperature.
//
// Grill et al., Bootstrap Your Own Latent, 2020, arXiv:2006.07733, sec. 3.3.
func CosineBetween(step, steps int, start, end float64) float64 {
	if step >= steps-1 {
		return end
	}
	return CosineWave(step, 2*(steps-1), start, end)
}

// CosineWave goes along a cosine from start to end and back, in period steps.
func CosineWave(step, period int, start, end float64) float64 {
	return end - (end-start)*(1+math.Cos(2*math.Pi*float64(step)/float64(period)))/2
}
