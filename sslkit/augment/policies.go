package augment

import "github.com/gossl/gossl/sslkit/dataset"

// SimCLR is the augmentation of SimCLR for small images: crops of 8 to 100 % of
// the area, flip 0.5, colour jitter 0.8 of strength 0.5 (brightness, contrast and
// saturation 0.4, hue 0.1), grayscale 0.2, no blur, no solarize. These are the
// published benchmarks on CIFAR-10, with ImageNet's statistics; those on ImageNette
// add a blur, [Policy.Blurred] of 0.5.
//
// Chen et al., A Simple Framework for Contrastive Learning of Visual
// Representations, 2020, arXiv:2002.05709, appendices A and B.9.
func SimCLR(size int) Policy {
	mean, std := dataset.ImageNet()
	return Policy{
		Size:       size,
		Scale:      [2]float64{0.08, 1},
		Ratio:      [2]float64{3. / 4, 4. / 3},
		FlipP:      0.5,
		JitterP:    0.8,
		Brightness: 0.4,
		Contrast:   0.4,
		Saturation: 0.4,
		Hue:        0.1,
		GrayscaleP: 0.2,
		Mean:       mean,
		Std:        std,
	}
}

// SimSiam is the augmentation of SimSiam for small images: [SimCLR] with crops
// of 20 to 100 % of the area. For images larger than CIFAR's, [Policy.Blurred] of
// 0.5 adds the blur.
//
// Chen, He, Exploring Simple Siamese Representation Learning, 2020,
// arXiv:2011.10566, appendices A and D.
func SimSiam(size int) Policy {
	p := SimCLR(size)
	p.Scale[0] = 0.2
	return p
}

// BYOL is the augmentation of BYOL, one policy for each of its two views:
// [SimCLR] with saturation 0.2, and
//
//	view 0  blur with probability 1.0, no solarize
//	view 1  blur with probability 0.1, solarize with probability 0.2
//
// where blur has σ from 0.1 to 2 pixels. The published benchmarks on CIFAR-10
// leave the blur out: [Policy.Blurred] of 0.
//
// Grill et al., Bootstrap Your Own Latent, 2020, arXiv:2006.07733, appendix B,
// table 6.
func BYOL(size int) (view0, view1 Policy) {
	p := SimCLR(size)
	p.Saturation = 0.2
	view0, view1 = p.Blurred(1), p.Blurred(0.1)
	view1.SolarizeP = 0.2
	return view0, view1
}

// Prepares says whether two policies prepare images alike where nothing is drawn: with
// one Size, Mean and Std.
func (p Policy) Prepares(as Policy) bool {
	return p.Size == as.Size && p.Mean == as.Mean && p.Std == as.Std
}

// CropAndFlip is how linear probes see the images that they are fitted to: random crops
// of 8 to 100 % of the area and flips, for a network whose images the policy prepares.
// Nothing but its Size, Mean and Std is left.
func (p Policy) CropAndFlip() Policy {
	return Policy{Size: p.Size, Scale: [2]float64{0.08, 1}, Ratio: [2]float64{3. / 4, 4. / 3}, FlipP: 0.5, Mean: p.Mean, Std: p.Std}
}

// VICReg is the augmentation of VICReg: [SimCLR] with saturation 0.2, solarize
// with probability 0.1 and then blur with probability 0.5. The order is lightly's;
// the authors' program solarizes one view of two, after the blur.
//
// Bardes et al., VICReg, 2021, arXiv:2105.04906, appendix C.1.
func VICReg(size int) Policy {
	p := SimCLR(size).Blurred(0.5)
	p.Saturation, p.SolarizeP, p.SolarizeFirst = 0.2, 0.1, true
	return p
}

// VICRegL is the augmentation of VICRegL's full views: [SimCLR] with crops of at
// least 20 % of the area, jitter always, saturation 0.2, and blur with
// probability 0.5.
//
// Bardes et al., VICRegL: Self-Supervised Learning of Local Visual Features, 2022,
// arXiv:2210.01571, as lightly has it.
func VICRegL(size int) Policy {
	p := SimCLR(size).Blurred(0.5)
	p.Scale[0], p.JitterP, p.Saturation = 0.2, 1, 0.2
	return p
}

// DINO is the augmentation of DINO, a policy for each of its two full views and one for
// local views: crops by a cubic filter of 40 to 100 %, local ones of 5 to 40 % of the
// area, colours as in [BYOL], and
//
//	view 0  blur with probability 1.0, no solarize
//	view 1  blur with probability 0.1, solarize with probability 0.2
//	local   blur with probability 0.5, no solarize
//
// Caron et al., Emerging Properties in Self-Supervised Vision Transformers, 2021,
// arXiv:2104.14294, appendix C, with the crops that it has for small networks.
func DINO(size, localSize int) (view0, view1, local Policy) {
	view0, view1 = BYOL(size)
	local = view0.Blurred(0.5)
	local.Size, local.Scale = localSize, [2]float64{0.05, 0.4}
	view0.Scale[0], view1.Scale[0] = 0.4, 0.4
	view0.Cubic, view1.Cubic, local.Cubic = true, true, true
	return view0, view1, local
}

// SwAV is the augmentation of SwAV for full views and for local ones: [SimCLR] with
// crops of 14 to 100 %, or 5 to 14 % of the area, and a blur in half of the views.
//
// Caron et al., Unsupervised Learning of Visual Features by Contrasting Cluster
// Assignments, 2020, arXiv:2006.09882, sec. 3.2 and appendix A.
func SwAV(size, localSize int) (full, local Policy) {
	full, local = SimCLR(size).Blurred(0.5), SimCLR(localSize).Blurred(0.5)
	full.Scale[0], local.Scale = 0.14, [2]float64{0.05, 0.14}
	return full, local
}

// Blurred returns the policy with the blur of SimCLR and BYOL in the given share
// of the views: σ uniform from 0.1 to 2 pixels. A probability of 0 leaves no blur.
func (p Policy) Blurred(probability float64) Policy {
	p.BlurP, p.BlurSigma, p.BlurKernel = probability, [2]float64{}, 0
	if probability != 0 {
		p.BlurSigma = [2]float64{0.1, 2}
	}
	return p
}

// Blurred2021 returns the policy with the blur that lightly's benchmarks had
// until 2023, in the given share of the views: BlurKernel is a tenth of the
// view's side.
//
// There σ is ⌊k/2⌋ pixels, where k is normal with mean BlurKernel and a standard
// deviation of a fifth of it, clipped to one standard deviation. For views of
// 128 pixels σ is 5, 6 or 7, with probabilities of 0.38, 0.30 and 0.32: several
// times what the papers have.
func (p Policy) Blurred2021(probability float64) Policy {
	p.BlurP, p.BlurSigma, p.BlurKernel = probability, [2]float64{}, 0
	if probability != 0 {
		p.BlurKernel = 0.1 * float64(p.Size)
	}
	return p
}
