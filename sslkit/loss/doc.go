// Package loss holds the objectives of self-supervised learning as pure
// functions of graph nodes: they own no variables.
//
// Contrastive: [NTXent], [NTXentBank] with a queue that [Enqueue] fills, [DCL]
// and [DCLW], NNCLR's [NearestNeighbour]. By prediction alone:
// [NegativeCosine]. By statistics of a batch: [BarlowTwins], [VICReg],
// [VICRegLocal], [TiCo], [FroSSL], [KoLeo]. By assignment to clusters: [SwAV] with
// [Sinkhorn], [DINO] with [DINOCenter]. What some of them remember from step to
// step goes in and comes out. [NormalizedStd] and [MeanStd] are no objectives;
// they tell whether a network has collapsed.
package loss
