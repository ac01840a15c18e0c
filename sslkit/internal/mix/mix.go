// Package mix is SplitMix64: it makes unrelated numbers of related ones (Steele,
// Lea, Flood, Fast Splittable Pseudorandom Number Generators, OOPSLA 2014).
package mix

// The constants of SplitMix64, for those who build it of graph nodes.
const (
	Golden = 0x9E3779B97F4A7C15 // from one state to the next: 2⁶⁴ divided by the golden ratio
	First  = 0xBF58476D1CE4E5B9
	Second = 0x94D049BB133111EB
)

// Bits scatters the bits of z: the output function of SplitMix64.
func Bits(z uint64) uint64 {
	z = (z ^ z>>30) * First
	z = (z ^ z>>27) * Second
	return z ^ z>>31
}

// At is number k, counting from 0, of the generator whose seed is key.
func At(key, k uint64) uint64 { return Bits(key + (k+1)*Golden) }
